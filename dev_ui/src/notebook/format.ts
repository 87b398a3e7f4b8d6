/** Notebooks in Jupyter's format (nbformat 4.5), read and written without losing anything. */

import { type CellResult, NOTHING } from "~/cells/liveCell";
import type { IOutput } from "~/kernel/types";
import { type DocumentCell, isRecord, type NotebookDocument, newId } from "./document";

export interface ReadNotebook {
  readonly document: NotebookDocument;
  readonly results: ReadonlyMap<string, CellResult>;
}

/** What is no notebook that we could show; `message` says why. */
export class FormatError extends Error {
  override name = "FormatError";
}

const OURS = new Set(["id", "cell_type", "source", "metadata", "outputs", "execution_count"]);

/** Read a notebook; ids that are missing or doubled are given anew. */
export function readNotebook(content: unknown): ReadNotebook {
  if (!isRecord(content) || !Array.isArray(content.cells)) {
    throw new FormatError("this is no notebook: it has no list of cells");
  }
  if (content.nbformat !== 4) {
    throw new FormatError(`this notebook is in format ${content.nbformat}; format 4 can be read`);
  }
  const { cells, metadata, ...rest } = content;
  const results = new Map<string, CellResult>();
  const read = (cells as unknown[]).filter(isRecord).map((cell) => readCell(cell, results));
  const document = { cells: read, metadata: isRecord(metadata) ? metadata : {}, rest };
  return { document, results };
}

/** Write a notebook as the contents API takes it. */
export function writeNotebook(
  document: NotebookDocument,
  result: (id: string) => CellResult | undefined,
): Record<string, unknown> {
  const minor = document.rest.nbformat_minor;
  return {
    ...document.rest,
    nbformat: 4,
    nbformat_minor: Math.max(5, typeof minor === "number" ? minor : 0),
    metadata: document.metadata,
    cells: document.cells.map((cell) => writeCell(cell, result(cell.id))),
  };
}

/** The language that a notebook says it is in; Python where it says nothing. */
export function languageOf(document: NotebookDocument): string {
  const { language_info: info, kernelspec } = document.metadata;
  const named = isRecord(info) ? info.name : isRecord(kernelspec) ? kernelspec.language : "";
  return typeof named === "string" && named ? named : "python";
}

/** The kernel that a notebook says it wants. */
export function kernelOf(document: NotebookDocument): string | null {
  const { kernelspec } = document.metadata;
  const name = isRecord(kernelspec) ? kernelspec.name : null;
  return typeof name === "string" && name ? name : null;
}

/** Tell whether two notebooks say the same, however they are written. */
export function sameNotebook(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(content: unknown): string {
  const { document, results } = readNotebook(content);
  const plain = (id: string) => ({ ...NOTHING, ...results.get(id), trusted: false });
  return JSON.stringify(writeNotebook(document, plain), (_, value: unknown) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).sort()) : value,
  );
}

/** A notebook with one cell, for a kernel. */
export function emptyNotebook(kernel: string, sources: readonly Source[] = []): unknown {
  const cells = sources.length > 0 ? sources : [{ type: "code", source: "" }];
  const document = {
    cells: cells.map(({ type, source }) => ({ id: newId(), type, source, metadata: {}, rest: {} })),
    metadata: { kernelspec: { name: kernel, display_name: kernel } },
    rest: {},
  };
  return writeNotebook(document, () => undefined);
}

/** A cell to begin with. */
export interface Source {
  readonly type: string;
  readonly source: string;
}

function readCell(cell: Record<string, unknown>, results: Map<string, CellResult>): DocumentCell {
  const wanted = cell.id;
  const id = typeof wanted === "string" && wanted && !results.has(wanted) ? wanted : newId();
  const { trusted, ...metadata } = isRecord(cell.metadata) ? cell.metadata : {};
  results.set(id, readResult(cell, trusted === true));
  return {
    id,
    type: String(cell.cell_type),
    source: joined(cell.source),
    metadata,
    rest: Object.fromEntries(Object.entries(cell).filter(([name]) => !OURS.has(name))),
  };
}

function readResult(cell: Record<string, unknown>, trusted: boolean): CellResult {
  const { outputs, execution_count: count } = cell;
  return {
    outputs: Array.isArray(outputs) ? (outputs.filter(isRecord) as unknown as IOutput[]) : [],
    executionCount: typeof count === "number" ? count : null,
    trusted,
  };
}

/** Only code cells have outputs; a type that we don't know keeps what it had. */
function writeCell(cell: DocumentCell, result: CellResult | undefined): Record<string, unknown> {
  const { id, type, source, metadata, rest } = cell;
  const written = { ...rest, id, cell_type: type, metadata, source };
  if (type === "markdown" || type === "raw") return written;
  const { outputs, executionCount, trusted } = result ?? NOTHING;
  if (type !== "code" && outputs.length === 0 && executionCount === null) return written;
  const marked = trusted ? { ...metadata, trusted } : metadata;
  return { ...written, metadata: marked, outputs, execution_count: executionCount };
}

/** Jupyter writes a text as one string or as its lines. */
function joined(text: unknown): string {
  return Array.isArray(text) ? text.join("") : String(text ?? "");
}
