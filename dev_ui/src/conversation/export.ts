/** A conversation as a notebook: questions and answers as text, code as cells. */

import { grow, NO_BLOCKS } from "~/text/blocks";
import { withoutMarks } from "./marks";
import { isRunnable } from "./runnable";
import type { Turn, TurnPart } from "./turns";

export interface ExportedCell {
  readonly cell_type: "code" | "markdown";
  readonly id: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly source: string;
  readonly outputs?: readonly [];
  readonly execution_count?: null;
}

export function asNotebook(turns: readonly Turn[], language: string) {
  const cells = turns.flatMap((turn) => [
    quoted(withoutMarks(turn.question)),
    ...turn.parts.flatMap((part) => cellsOf(part, language)),
  ]);
  return {
    cells: cells.map((cell, at) => ({ ...cell, id: `said-${at}` })),
    metadata: { language_info: { name: language } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

/** Have the browser save it. */
export function download(turns: readonly Turn[], language: string): void {
  const written = JSON.stringify(asNotebook(turns, language), null, 1);
  const address = URL.createObjectURL(new Blob([written], { type: "application/x-ipynb+json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "conversation.ipynb";
  link.click();
  URL.revokeObjectURL(address);
}

function cellsOf(part: TurnPart, language: string): ExportedCell[] {
  if (part.kind === "code") return [code(part.code)];
  return part.kind === "text" ? split(part.text, language) : [];
}

/** Give each block of code a cell of its own, and what stands between them one. */
function split(text: string, language: string): ExportedCell[] {
  const { done, open } = grow(NO_BLOCKS, text);
  const cells: ExportedCell[] = [];
  let prose: string[] = [];
  const endProse = () => {
    if (prose.length > 0) cells.push(markdown(prose.join("\n\n")));
    prose = [];
  };
  for (const token of [...done, ...open]) {
    if (token.type === "code" && isRunnable(token.lang ?? "", language)) {
      endProse();
      cells.push(code(token.text));
    } else prose.push(token.raw.trim());
  }
  endProse();
  return cells;
}

function quoted(question: string): ExportedCell {
  return markdown(question.replace(/^/gm, "> "));
}

function markdown(source: string): ExportedCell {
  return { cell_type: "markdown", id: "", metadata: {}, source };
}

function code(source: string): ExportedCell {
  const metadata = { beaker: { author: "model" } };
  return { cell_type: "code", id: "", metadata, source, outputs: [], execution_count: null };
}
