/** Markdown as elements: what stands in it becomes text, never HTML, and nothing is fetched. */

import type { Token, Tokens } from "marked";
import { Fragment, memo, type ReactNode, useRef } from "react";
import { grow, NO_BLOCKS } from "./blocks";
import { Formula } from "./Formula";
import styles from "./Markdown.module.css";

/** What stands for a block of code; `at` counts the blocks of the text. */
export type ShowCode = (code: Tokens.Code, at: number) => ReactNode;

export interface MarkdownProps {
  readonly text: string;
  /** Must stay the same function, or finished blocks are shown again. */
  readonly showCode?: ShowCode;
}

export function Markdown({ text, showCode = plainCode }: MarkdownProps) {
  const blocks = useRef(NO_BLOCKS);
  blocks.current = grow(blocks.current, text);
  const { done, open } = blocks.current;
  return (
    <div className={styles.markdown}>
      {[...done, ...open].map((token, at) => (
        <Block key={at} token={token} at={at} raw={token.raw} showCode={showCode} />
      ))}
    </div>
  );
}

interface BlockProps {
  readonly token: Token;
  readonly at: number;
  readonly raw: string;
  readonly showCode: ShowCode;
}

const Block = memo(
  ({ token, at, showCode }: BlockProps) => block(token as Tokens.Generic, at, showCode),
  (before, after) => before.raw === after.raw && before.showCode === after.showCode,
);

/** A block of code as text. */
export function plainCode(code: Tokens.Code): ReactNode {
  return <pre className={styles.code}>{code.text}</pre>;
}

function block(token: Tokens.Generic, at: number, showCode: ShowCode): ReactNode {
  switch (token.type) {
    case "code":
      return showCode(token as Tokens.Code, at);
    case "heading": {
      const level = Math.min(6, token.depth + 2);
      const Heading = `h${level}` as "h3";
      return <Heading className={styles.heading}>{inline(token.tokens)}</Heading>;
    }
    case "list":
      return list(token as Tokens.List);
    case "blockquote":
      return <blockquote className={styles.quote}>{nested(token.tokens)}</blockquote>;
    case "table":
      return table(token as Tokens.Table);
    case "hr":
      return <hr className={styles.rule} />;
    case "displayedMath":
      return <Formula source={token.text} displayed />;
    case "text":
      return token.tokens ? inline(token.tokens) : decoded(token.text);
    case "paragraph":
      return <p>{inline(token.tokens)}</p>;
    default:
      return <p>{token.raw}</p>;
  }
}

function nested(tokens: readonly Token[] = []): ReactNode {
  const shown = tokens.filter((token) => token.type !== "space" && token.type !== "checkbox");
  return keyed(shown, (token) => block(token, 0, plainCode));
}

function list({ ordered, start, items }: Tokens.List): ReactNode {
  const List = ordered ? "ol" : "ul";
  return (
    <List className={styles.list} {...(ordered && start !== "" ? { start } : {})}>
      {items.map((item, at) => (
        <li key={at}>
          {item.task && (item.checked ? "☑ " : "☐ ")}
          {nested(item.tokens)}
        </li>
      ))}
    </List>
  );
}

function table({ header, rows }: Tokens.Table): ReactNode {
  const cell = (Cell: "th" | "td") => (each: Tokens.TableCell) => (
    <Cell style={each.align ? { textAlign: each.align } : undefined}>{inline(each.tokens)}</Cell>
  );
  return (
    <div className={styles.wide}>
      <table className={styles.table}>
        <thead>
          <tr>{keyed(header, cell("th"))}</tr>
        </thead>
        <tbody>
          {keyed(rows, (row) => (
            <tr>{keyed(row, cell("td"))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inline(tokens: readonly Token[] = []): ReactNode {
  return keyed(tokens, (token) => span(token as Tokens.Generic));
}

function span(token: Tokens.Generic): ReactNode {
  switch (token.type) {
    case "strong":
      return <strong>{inline(token.tokens)}</strong>;
    case "em":
      return <em>{inline(token.tokens)}</em>;
    case "del":
      return <del>{inline(token.tokens)}</del>;
    case "codespan":
      return <code className={styles.inlineCode}>{token.text}</code>;
    case "br":
      return <br />;
    case "inlineMath":
      return <Formula source={token.text} />;
    case "link":
      return link(token.href, inline(token.tokens));
    case "image":
      return image(token as Tokens.Image);
    case "html":
      return token.raw;
    default:
      return token.tokens ? inline(token.tokens) : decoded(token.text);
  }
}

/** An image that the text carries with it is shown; of another there is a link, as nothing is fetched. */
function image({ href, text }: Tokens.Image): ReactNode {
  if (CARRIED.test(href)) return <img className={styles.image} src={href} alt={text} />;
  return link(href, `image: ${text || href}`);
}

const CARRIED = /^data:image\/(?:png|jpeg|gif|webp);base64,/;

/** A link leads out of the page or is none. */
function link(address: string, content: ReactNode): ReactNode {
  if (!/^(?:https?:|mailto:)/i.test(address)) return content;
  return (
    <a className={styles.link} href={address} target="_blank" rel="noopener noreferrer">
      {content}
    </a>
  );
}

function keyed<T>(items: readonly T[], show: (item: T) => ReactNode): ReactNode {
  return items.map((item, at) => <Fragment key={at}>{show(item)}</Fragment>);
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function decoded(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}
