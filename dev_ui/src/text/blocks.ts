/** A growing Markdown text as blocks, of which those that are finished are never read again. */

import { Marked, type Token, type Tokens } from "marked";
import { displayedMath, inlineMath } from "./math";

/** `done` are final whatever follows; `open` may still become something else. */
export interface Blocks {
  readonly text: string;
  readonly done: readonly Token[];
  readonly open: readonly Token[];
  /** Where in the text the open blocks begin. */
  readonly offset: number;
}

export const NO_BLOCKS: Blocks = { text: "", done: [], open: [], offset: 0 };

/** What follows a block can still change it and the one before: an underline, a list's next item. */
const OPEN = 2;
const markdown = new Marked({ extensions: [displayedMath, inlineMath] });

/** Read on where `before` ended; a text that doesn't go on from there is read anew. */
export function grow(before: Blocks, text: string): Blocks {
  if (text === before.text) return before;
  const known = text.startsWith(before.text) ? before : NO_BLOCKS;
  const tokens: Token[] = markdown.lexer(text.slice(known.offset));
  const settled = tokens.slice(0, firstOpen(tokens));
  const length = settled.reduce((sum, token) => sum + token.raw.length, 0);
  return {
    text,
    done: settled.length > 0 ? [...known.done, ...settled.filter(isShown)] : known.done,
    open: tokens.slice(settled.length).filter(isShown),
    offset: known.offset + length,
  };
}

/** Whether a fenced block has its end, so that its code is whole. */
export function isClosed(token: Token): boolean {
  if (token.type !== "code") return true;
  const [, opening] = /^ *(`{3,}|~{3,})/.exec(token.raw) ?? [];
  const [, end] = /\n *(`{3,}|~{3,})\s*$/.exec(token.raw) ?? [];
  return opening !== undefined && (end?.startsWith(opening) ?? false);
}

/** The code of a block that still grows; its last line is none yet if it may become the end. */
export function codeSoFar(block: Tokens.Code): string {
  return block.text.replace(/(?:^|\n) *(?:`+|~+)$/, "");
}

function firstOpen(tokens: readonly Token[]): number {
  const shown = tokens.flatMap((token, at) => (isShown(token) ? [at] : []));
  return shown.at(-OPEN) ?? 0;
}

function isShown(token: Token): boolean {
  return token.type !== "space" && token.type !== "def";
}
