/** Runs cells one after the other, in the order in which that was asked for. */

import type { LiveKernel } from "~/kernel/types";
import type { LiveCell } from "./liveCell";

interface Job {
  readonly cell: LiveCell;
  readonly metadata: Record<string, unknown> | undefined;
}

/** The cells that wait for a kernel; when one fails, those behind it are not run. */
export class RunQueue {
  #waiting: Job[] = [];
  #running = false;

  constructor(private readonly kernel: () => LiveKernel | null) {}

  /** The cells that wait, in their order. */
  get waiting(): readonly LiveCell[] {
    return this.#waiting.map((job) => job.cell);
  }

  /** Run cells when those before them are done; a cell that waits already keeps its place. */
  add(cells: readonly LiveCell[], metadata?: Record<string, unknown>): void {
    const waiting = new Set(this.#waiting.map((job) => job.cell));
    for (const cell of cells.filter((each) => !waiting.has(each))) {
      if (cell.state.get().kind !== "running") cell.wait(true);
      this.#waiting.push({ cell, metadata });
    }
    this.resume();
  }

  /** Forget the cells that wait. */
  clear(): void {
    for (const { cell } of this.#waiting.splice(0)) {
      if (cell.state.get().kind === "queued") cell.wait(false);
    }
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

  async #run({ cell, metadata }: Job, kernel: LiveKernel): Promise<void> {
    const ended = await cell.run(kernel, metadata);
    if (ended.kind !== "done" || ended.result.status !== "ok") this.clear();
  }
}
