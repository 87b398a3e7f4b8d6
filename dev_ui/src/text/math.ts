/** Formulas in Markdown, as marked should read them: `$…$`, `\(…\)`, `$$…$$`, `\[…\]`. */

import type { TokenizerAndRendererExtension } from "marked";

const DISPLAYED = /^(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\]) *(?:\n|$)/;
const INLINE = /^(?:\$\$([^$\n]+?)\$\$|\$(?! )((?:\\.|[^\\$\n])+?)(?<! )\$(?!\d)|\\\((.+?)\\\))/;

export const displayedMath = formula("displayedMath", "block", DISPLAYED, /\$\$|\\\[/);
export const inlineMath = formula("inlineMath", "inline", INLINE, /\$|\\\(/);

function formula(
  name: string,
  level: "block" | "inline",
  whole: RegExp,
  begin: RegExp,
): TokenizerAndRendererExtension {
  return {
    name,
    level,
    start: (source) => {
      const at = source.search(begin);
      return at < 0 ? undefined : at;
    },
    // Where all of a text becomes HTML, its formulas are set afterwards.
    renderer: ({ raw }) => escaped(raw),
    tokenizer: (source) => {
      const found = whole.exec(source);
      const text = found?.slice(1).find((group) => group !== undefined);
      return found && text ? { type: name, raw: found[0], text: text.trim() } : undefined;
    },
  };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
