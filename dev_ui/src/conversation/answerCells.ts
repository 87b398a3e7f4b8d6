/** The cells of a conversation's answers: made once, found again by where they stand. */

import { atom } from "nanostores";
import { LiveCell, RunQueue } from "~/cells";
import { createOutputs, type LiveKernel } from "~/kernel";
import type { KeptCell, KeptCells } from "./kept";

const PAUSE = 400;

export class AnswerCells {
  readonly #cells = new Map<string, LiveCell>();
  readonly #edited = new Set<string>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #queue: RunQueue;
  #known: ReadonlyMap<string, KeptCell> = new Map();
  #conversation = "";
  #filling = false;

  constructor(
    private readonly kernel: LiveKernel,
    private readonly kept: KeptCells,
  ) {
    this.#queue = new RunQueue(() => kernel);
  }

  /**
   * Belong to a conversation from now on; its cells have what was kept of them. Of those before it
   * nothing is kept.
   */
  async enter(conversation: string): Promise<void> {
    if (conversation === this.#conversation) return;
    const left = this.#conversation;
    this.#conversation = conversation;
    await this.kept.keepOnly(conversation, left).catch(() => undefined);
    this.#known = await this.kept.all(conversation).catch(() => new Map());
  }

  /** Let go of all cells, which are shown no more; what waits for its turn is not run. */
  leave(): void {
    this.#queue.clear();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const cell of this.#cells.values()) cell.dispose();
    for (const known of [this.#timers, this.#cells, this.#edited]) known.clear();
    this.#known = new Map();
  }

  cell(id: string, code: string): LiveCell {
    return this.#cells.get(id) ?? this.#make(id, code);
  }

  /** Have a cell's code grow with the answer, unless the person has edited it. */
  fill(cell: LiveCell, code: string): void {
    if (this.#edited.has(cell.id) || cell.text.get() === code) return;
    this.#filling = true;
    cell.text.set(code);
    this.#filling = false;
  }

  /** Run a cell when those before it are done, and tell when it has ended and is kept. */
  async run(cell: LiveCell): Promise<void> {
    this.#follow(cell);
    await this.#ended(cell);
    await this.#keep(cell);
  }

  #ended(cell: LiveCell): Promise<void> {
    return new Promise((resolve) => {
      let began = false;
      const stop = cell.state.listen(({ kind }) => {
        began ||= kind === "running" || kind === "queued";
        if (!began || kind === "running" || kind === "queued") return;
        stop();
        resolve();
      });
      this.#queue.add([cell]);
    });
  }

  /** Show in a cell what a question's code puts out; the returned function ends it. */
  adopt(id: string, code: string, question: string): (status: "ok" | "error") => void {
    const cell = this.cell(id, code);
    this.#follow(cell);
    const end = cell.adopt(this.kernel, question);
    return (status) => {
      end(status);
      this.#keepSoon(cell);
    };
  }

  #make(id: string, code: string): LiveCell {
    const known = this.#known.get(id);
    if (known && known.source !== code) this.#edited.add(id);
    const text = atom(known?.source ?? code);
    const cell = new LiveCell(id, text, () => createOutputs(this.kernel), known?.result);
    text.listen(() => {
      if (this.#filling) return;
      this.#edited.add(id);
      this.#keepSoon(cell);
    });
    this.#cells.set(id, cell);
    return cell;
  }

  /** Keep what a cell puts out as it comes. */
  #follow(cell: LiveCell): void {
    if (this.#timers.has(cell.id)) return;
    cell.outputs.subscribe(() => this.#keepSoon(cell));
    this.#keepSoon(cell);
  }

  #keepSoon(cell: LiveCell): void {
    if (this.#cells.get(cell.id) !== cell) return;
    clearTimeout(this.#timers.get(cell.id));
    this.#timers.set(
      cell.id,
      setTimeout(() => void this.#keep(cell), PAUSE),
    );
  }

  async #keep(cell: LiveCell): Promise<void> {
    if (this.#cells.get(cell.id) !== cell) return;
    const kept = { source: cell.text.get(), result: cell.result() };
    // Where the browser keeps nothing, a reload shows the code without what it put out.
    await this.kept.put(this.#conversation, cell.id, kept).catch(() => undefined);
  }
}
