/** A notebook's content as a value, and the edits that make another of it. */

export type Metadata = Readonly<Record<string, unknown>>;

/** A cell without what running it leaves; `rest` is what the format has and we don't touch. */
export interface DocumentCell {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly metadata: Metadata;
  readonly rest: Metadata;
}

export interface NotebookDocument {
  readonly cells: readonly DocumentCell[];
  readonly metadata: Metadata;
  readonly rest: Metadata;
}

/** What a notebook says of the kernel that it wants. */
export interface KernelName {
  readonly name: string;
  readonly displayName: string;
  readonly language: string;
}

export type Edit = (document: NotebookDocument) => NotebookDocument;

/** An id as nbformat 4.5 wants it: short, and unlike every other. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function newCell(type: string, source = "", metadata: Metadata = {}): DocumentCell {
  return { id: newId(), type, source, metadata, rest: {} };
}

export function indexOf(document: NotebookDocument, id: string): number {
  return document.cells.findIndex((cell) => cell.id === id);
}

export function insert(at: number, ...cells: DocumentCell[]): Edit {
  return (document) => withCells(document, document.cells.toSpliced(at, 0, ...cells));
}

export function remove(ids: ReadonlySet<string>): Edit {
  return (document) => {
    const left = document.cells.filter((cell) => !ids.has(cell.id));
    return withACell(withCells(document, left));
  };
}

/** A notebook is never without a cell to write into. */
export function withACell(document: NotebookDocument): NotebookDocument {
  return document.cells.length > 0 ? document : withCells(document, [newCell("code")]);
}

/** Put cells below the one with the id `after`, or on top where it is null. */
export function moveBelow(ids: ReadonlySet<string>, after: string | null): Edit {
  return (document) => {
    const moved = document.cells.filter((cell) => ids.has(cell.id));
    const left = document.cells.filter((cell) => !ids.has(cell.id));
    const at = after === null ? 0 : left.findIndex((cell) => cell.id === after) + 1;
    return withCells(document, left.toSpliced(at, 0, ...moved));
  };
}

export function change(id: string, patch: Partial<Omit<DocumentCell, "id">>): Edit {
  return (document) => {
    const at = indexOf(document, id);
    const cell = document.cells[at];
    return cell ? withCells(document, document.cells.with(at, { ...cell, ...patch })) : document;
  };
}

/** Cut a cell in two; the second half is new, so that outputs stay with the first. */
export function split(id: string, offset: number, secondId: string): Edit {
  return (document) => {
    const at = indexOf(document, id);
    const cell = document.cells[at];
    if (!cell) return document;
    const first = { ...cell, source: cell.source.slice(0, offset).replace(/\n$/, "") };
    const source = cell.source.slice(offset).replace(/^\n/, "");
    const second = { ...newCell(cell.type, source, cell.metadata), id: secondId };
    return withCells(document, document.cells.toSpliced(at, 1, first, second));
  };
}

/** Join cells into the first of them. */
export function merge(ids: ReadonlySet<string>): Edit {
  return (document) => {
    const joined = document.cells.filter((cell) => ids.has(cell.id));
    const first = joined[0];
    if (!first || joined.length < 2) return document;
    const whole = { ...first, source: joined.map((cell) => cell.source).join("\n\n") };
    const attachments = Object.assign({}, ...joined.map((cell) => cell.rest.attachments));
    const kept =
      Object.keys(attachments).length > 0 ? { rest: { ...first.rest, attachments } } : {};
    const left = document.cells.filter((cell) => cell === first || !ids.has(cell.id));
    return withCells(
      document,
      left.map((cell) => (cell === first ? { ...whole, ...kept } : cell)),
    );
  };
}

/** Name the kernel that runs for the notebook, as Jupyter does; what was said of the language goes. */
export function forKernel({ name, displayName, language }: KernelName): Edit {
  return (document) => {
    const { language_info: _, ...metadata } = document.metadata;
    const kernelspec = { name, display_name: displayName, language };
    return { ...document, metadata: { ...metadata, kernelspec } };
  };
}

/** Keep a conversation in the notebook, in place of what was kept before. */
export function keepConversation(conversation: Metadata): Edit {
  return (document) => withBeaker(document, { ...beakerOf(document), conversation });
}

/** Lay a rule down for the kernel's model, or take it back if it holds. */
export function toggleRule(name: "local_only" | "policy", value: unknown): Edit {
  return (document) => {
    const { [name]: before, ...beaker } = beakerOf(document);
    return withBeaker(document, before === value ? beaker : { ...beaker, [name]: value });
  };
}

function beakerOf({ metadata: { beaker } }: NotebookDocument): Metadata {
  return isRecord(beaker) ? beaker : {};
}

function withBeaker(document: NotebookDocument, beaker: Metadata): NotebookDocument {
  return { ...document, metadata: { ...document.metadata, beaker } };
}

/** Set what a cell's `metadata.beaker` says, key by key: the only place that is ours. */
export function noteProvenance(id: string, beaker: Metadata): Edit {
  return (document) => {
    const metadata = document.cells[indexOf(document, id)]?.metadata;
    const known = metadata?.beaker;
    const noted = { ...(isRecord(known) ? known : {}), ...beaker };
    return change(id, { metadata: { ...metadata, beaker: noted } })(document);
  };
}

/** Set what ran of a cell that the model wrote; any other's metadata stay as they are. */
export function noteRun(id: string, ran: Metadata): Edit {
  return (document) => {
    const beaker = document.cells[indexOf(document, id)]?.metadata.beaker;
    if (!isRecord(beaker) || beaker.author !== "model") return document;
    const isNoted = Object.entries(ran).every(([key, value]) => beaker[key] === value);
    return isNoted ? document : noteProvenance(id, ran)(document);
  };
}

/** Do several edits as one. */
export function inOrder(...edits: Edit[]): Edit {
  return (document) => edits.reduce((done, edit) => edit(done), document);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withCells(document: NotebookDocument, cells: readonly DocumentCell[]): NotebookDocument {
  return { ...document, cells };
}
