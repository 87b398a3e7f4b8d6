/** Markdown in which there is HTML: it is read as a whole, as a tag may span several blocks. */

import { Marked, type Tokens } from "marked";
import { displayedMath, inlineMath } from "./math";

const markdown = new Marked({
  extensions: [displayedMath, inlineMath],
  renderer: {
    heading({ tokens, depth }: Tokens.Heading): string {
      const level = Math.min(6, depth + 2);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
  },
});

export function hasHtml(text: string): boolean {
  if (!/<[a-z!/]/i.test(text)) return false;
  let found = false;
  markdown.walkTokens(markdown.lexer(text), ({ type }) => {
    found ||= type === "html";
  });
  return found;
}

/** What a text says, as HTML that is still to be sanitised. */
export function htmlOf(text: string): string {
  return markdown.parse(text, { async: false });
}
