/** A notebook that is open: its content, its cells' lives, its file, and where the person is. */

import type { EditorView } from "@codemirror/view";
import { atom, type ReadableAtom } from "nanostores";
import { type CellResult, LiveCell } from "~/cells/liveCell";
import { RunQueue } from "~/cells/runQueue";
import type { Dispose, LiveKernel, Outputs } from "~/kernel/types";
import {
  forKernel,
  indexOf,
  type KernelName,
  noteProvenance,
  noteRun,
  withACell,
} from "./document";
import type { Draft, Drafts } from "./drafts";
import { Editing } from "./editing";
import { languageOf, readNotebook, sameNotebook, writeNotebook } from "./format";
import { type NotebookFiles, type Resolution, Saving, type StoredNotebook } from "./saving";
import { Selection, selectedIds } from "./selection";
import { sha256 } from "./sha256";
import { Wishes } from "./wishes";

/** What a notebook needs of the page. */
export interface NotebookPlace {
  readonly files: NotebookFiles;
  readonly drafts: Drafts;
  readonly createOutputs: () => Outputs;
  readonly kernel: () => LiveKernel | null;
}

export class Notebook {
  readonly editing: Editing;
  readonly saving: Saving;
  readonly queue: RunQueue;
  readonly selection = new Selection();
  /** What the model wishes of this notebook. */
  readonly wishes: Wishes;
  /** The editors that are on the page, by their cell. */
  readonly editors = new Map<string, EditorView>();
  /** The Markdown cells whose source is shown. */
  readonly #opened = atom<ReadonlySet<string>>(new Set());
  readonly #cells = new Map<string, LiveCell>();
  readonly #ends: Dispose[] = [];
  /** Work of an earlier visit that never reached the server. */
  readonly #draft = atom<Draft | null>(null);
  readonly #language = atom("python");
  #ended = false;
  #results: ReadonlyMap<string, CellResult>;

  constructor(
    private readonly place: NotebookPlace,
    path: string,
    stored: StoredNotebook,
  ) {
    const { document, results } = readNotebook(stored.content);
    this.#results = results;
    this.editing = new Editing(withACell(document));
    this.queue = new RunQueue(place.kernel);
    this.wishes = new Wishes(this);
    this.saving = new Saving(place.files, place.drafts, path, () => this.content(), stored);
    this.selection.select(this.editing.document.get().cells[0]?.id ?? "");
    this.#language.set(languageOf(document));
    this.#ends.push(this.editing.document.listen(() => this.saving.touch()));
  }

  get opened(): ReadableAtom<ReadonlySet<string>> {
    return this.#opened;
  }

  get draft(): ReadableAtom<Draft | null> {
    return this.#draft;
  }

  /** The language that the notebook says it is in. */
  get language(): ReadableAtom<string> {
    return this.#language;
  }

  get selected(): string[] {
    return selectedIds(this.editing.document.get(), this.selection.now.get());
  }

  /** The life of a cell; it outlasts the cell's removal, which can be undone. */
  live(id: string): LiveCell {
    const known = this.#cells.get(id);
    if (known) return known;
    const cell = new LiveCell(
      id,
      this.editing.text(id),
      this.place.createOutputs,
      this.#results.get(id),
    );
    this.#cells.set(id, cell);
    this.#ends.push(cell.state.listen(() => this.saving.touch()));
    return cell;
  }

  /** Go on with another kernel, or with the first, and with what runs in it since before. */
  follow(kernel: LiveKernel | null): void {
    this.wishes.follow(kernel);
    if (kernel) this.#takeUp(kernel);
    this.queue.resume();
  }

  /** Note that it is for another kernel from now on; what waited for the one before won't run. */
  useKernel(name: KernelName): void {
    this.queue.clear();
    this.editing.note(forKernel(name));
    this.#language.set(languageOf(this.editing.document.get()));
  }

  /** Note what runs and waits, for the page that comes after this one. */
  leave(): void {
    const runs = [...this.#cells.values()].map((cell) => cell.left()).filter((run) => run !== null);
    const waiting = this.queue.waiting.map(({ id, text }) => ({ cell: id, code: text.get() }));
    this.place.kernel()?.leave({ runs, waiting });
  }

  /** The notebook as it is to be written. */
  content(): Record<string, unknown> {
    const result = (id: string) => this.#cells.get(id)?.result() ?? this.#results.get(id);
    return writeNotebook(this.editing.document.get(), result);
  }

  /** Show another content, from which one can go back by undoing. */
  show(content: unknown): void {
    const { document, results } = readNotebook(content);
    for (const cell of this.#cells.values()) cell.dispose();
    this.#cells.clear();
    this.#results = results;
    this.editing.apply(() => withACell(document));
    this.selection.select(document.cells[0]?.id ?? "");
  }

  async resolve(resolution: Resolution, copy: string): Promise<void> {
    const state = this.saving.state.get();
    if (state.kind !== "conflict") return;
    if (resolution === "theirs") this.show(state.theirs.content);
    await this.saving.resolve(resolution, copy);
  }

  /** Offer work that was kept in the browser, if it isn't what is in the file. */
  async lookForDraft(): Promise<void> {
    const draft = await this.place.drafts.get(this.#key()).catch(() => undefined);
    if (!draft || this.#ended) return;
    if (sameNotebook(draft.content, this.content())) await this.dropDraft();
    else this.#draft.set(draft);
  }

  restoreDraft(): void {
    const draft = this.#draft.get();
    this.#draft.set(null);
    if (draft) this.show(draft.content);
  }

  async dropDraft(): Promise<void> {
    this.#draft.set(null);
    await this.place.drafts.delete(this.#key()).catch(() => undefined);
  }

  /** Run a cell for the person. */
  run(id: string): void {
    this.#enqueue(id, () => {
      const ran_sha256 = sha256(this.editing.text(id).get());
      this.editing.note(noteRun(id, { run_by: "person", ran_sha256 }));
    });
  }

  /** Run a cell for the model, and note what that says of it. */
  runForModel(id: string, beaker?: Record<string, unknown>): void {
    if (beaker) this.editing.apply(noteProvenance(id, beaker));
    this.#enqueue(id);
  }

  runAll(ids: readonly string[]): void {
    for (const id of ids) {
      if (this.editing.cell(id)?.type === "code") this.run(id);
    }
  }

  runEvery(): void {
    this.runAll(this.editing.document.get().cells.map((cell) => cell.id));
  }

  clearOutputs(): void {
    for (const { id } of this.editing.document.get().cells) this.live(id).clear();
  }

  undo(): void {
    this.editing.undo();
    this.#keepSelection();
  }

  redo(): void {
    this.editing.redo();
    this.#keepSelection();
  }

  async interrupt(): Promise<void> {
    this.queue.clear();
    await this.place.kernel()?.interrupt();
  }

  async restart(): Promise<void> {
    this.queue.clear();
    await this.place.kernel()?.restart();
  }

  /** Show a Markdown cell's source, or what it says. */
  showSource(id: string, shown: boolean): void {
    const opened = new Set(this.#opened.get());
    if (shown) opened.add(id);
    else opened.delete(id);
    this.#opened.set(opened);
  }

  /** Save what isn't, and let go of everything; the kernel goes on. */
  async close(): Promise<void> {
    const { kind } = this.saving.state.get();
    if (kind === "unsaved") await this.saving.save();
    this.#ended = true;
    this.queue.clear();
    this.saving.stop();
    this.wishes.follow(null);
    for (const end of this.#ends.splice(0)) end();
    for (const cell of this.#cells.values()) cell.dispose();
  }

  #enqueue(id: string, begins?: () => void): void {
    this.queue.add([this.live(id)], this.#runMetadata(id), begins);
  }

  #takeUp(kernel: LiveKernel): void {
    for (const cell of this.#cells.values()) cell.attach(kernel);
    const { runs, waiting } = kernel.takeUp();
    for (const run of runs) {
      if (this.editing.cell(run.left.cell)) void this.live(run.left.cell).resume(kernel, run);
    }
    // Another may have written the file meanwhile: what runs is what the person wanted to run, or
    // the model, so nobody's run is noted.
    for (const { cell, code } of waiting) {
      if (this.editing.cell(cell) && this.live(cell).text.get() === code) this.#enqueue(cell);
    }
  }

  #key(): string {
    return this.place.files.place(this.saving.path);
  }

  /** Select what is there, where the selected cell has gone. */
  #keepSelection(): void {
    const { active } = this.selection.now.get();
    const first = this.editing.document.get().cells[0];
    if (!this.editing.cell(active) && first) this.selection.select(first.id);
  }

  /** What is sent with a cell's code, as JupyterLab does, so that the model knows which cell it is. */
  #runMetadata(id: string): Record<string, unknown> {
    return { cellId: id, cellIndex: indexOf(this.editing.document.get(), id) };
  }
}
