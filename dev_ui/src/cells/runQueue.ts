/** Runs cells one after the other, in the order in which that was asked for. */

import type { LiveKernel } from "~/kernel/types";
import type { LiveCell } from "./liveCell";

interface Job {
  readonly cell: LiveCell;
  readonly metadata: Record<string, unknown> | undefined;
  readonly begins: () => void;
}

const nothing = () => undefined;

/**
 * The cells that wait for a kernel; when one fails, those behind it are not run. A cell that the
 * person asked for with the error in view, or after what waited was forgotten, is not behind it.
 */
export class RunQueue {
  #waiting: Job[] = [];
  /** What isn't run if the present cell fails. */
  #behind: readonly Job[] | null = null;
  #running = false;

  constructor(private readonly kernel: () => LiveKernel | null) {}

  /** The cells that wait, in their order. */
  get waiting(): readonly LiveCell[] {
    return this.#waiting.map((job) => job.cell);
  }

  /**
   * Run cells when those before them are done; a cell that waits already keeps its place. `begins`
   * hears of each just before its code is sent.
   */
  add(
    cells: readonly LiveCell[],
    metadata?: Record<string, unknown>,
    begins: () => void = nothing,
  ): void {
    const waiting = new Set(this.#waiting.map((job) => job.cell));
    for (const cell of cells.filter((each) => !waiting.has(each))) {
      if (cell.state.get().kind !== "running") cell.wait(true);
      this.#waiting.push({ cell, metadata, begins });
    }
    this.resume();
  }

  /** Forget the cells that wait. */
  clear(): void {
    this.#drop(this.#waiting);
    this.#behind = [];
  }

  /** Go on, now that there is a kernel; until then all wait. */
  resume(): void {
    void this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let kernel = this.kernel(); kernel; kernel = this.kernel()) {
      const job = this.#waiting.shift();
      if (!job) break;
      await this.#run(job, kernel);
    }
    this.#running = false;
  }

  async #run({ cell, metadata, begins }: Job, kernel: LiveKernel): Promise<void> {
    this.#behind = null;
    const erred = () => {
      this.#behind ??= [...this.#waiting];
    };
    begins();
    const ended = await cell.run(kernel, erred, metadata);
    const failed = ended.kind !== "done" || ended.result.status !== "ok";
    if (failed) this.#drop(this.#behind ?? this.#waiting);
  }

  #drop(jobs: readonly Job[]): void {
    const dropped = new Set(jobs);
    this.#waiting = this.#waiting.filter((job) => !dropped.has(job));
    for (const { cell } of dropped) if (cell.state.get().kind === "queued") cell.wait(false);
  }
}
