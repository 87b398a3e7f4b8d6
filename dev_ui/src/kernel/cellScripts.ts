/** Whether the scripts of a cell's outputs may run, and what they can rely on. */

import type { Kernel } from "@jupyterlab/services";
import type { FramePart } from "./scriptFrame";
import type { KernelOf } from "./widgetTarget";

/** Libraries that the outputs of a kernel have loaded, at most. */
const MOST = 16;
const loaded = new WeakMap<Kernel.IKernelConnection, FramePart[]>();

/** What shows an output, and does so again when its scripts may run. */
export interface ScriptOutput {
  readonly isDisposed: boolean;
  again(): void;
}

/** An output of HTML, whose frame scripts that come after it may share. */
export interface HtmlPlace extends ScriptOutput {
  /** Run a script in the frame of this output. */
  run(script: string): void;
}

/** The scripts of one cell: they run once the person has run the cell, or wants to see them. */
export class CellScripts {
  #allowed = false;
  readonly #waiting = new Set<ScriptOutput>();
  #place: HtmlPlace | null = null;

  constructor(private readonly kernel: KernelOf) {}

  get allowed(): boolean {
    return this.#allowed;
  }

  /** The cell's last output of HTML, if it is still there. */
  get place(): HtmlPlace | null {
    return this.#place?.isDisposed ? null : this.#place;
  }

  set place(place: HtmlPlace) {
    this.#place = place;
  }

  /** Let an output wait; return whether it is the first, which says so for all of the cell. */
  wait(output: ScriptOutput): boolean {
    for (const each of this.#waiting) if (each.isDisposed) this.#waiting.delete(each);
    this.#waiting.add(output);
    return this.#waiting.values().next().value === output;
  }

  allow(): void {
    this.#allowed = true;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const output of waiting) if (!output.isDisposed) output.again();
  }

  forbid(): void {
    this.#allowed = false;
    this.#waiting.clear();
  }

  get libraries(): readonly FramePart[] {
    const connection = this.kernel();
    return (connection && loaded.get(connection)) ?? [];
  }

  /** Have what shows nothing by itself run before each later output, as if in one page. */
  keepLibrary(part: FramePart): void {
    const connection = this.kernel();
    if (!connection) return;
    const same = JSON.stringify(part);
    const others = this.libraries.filter((each) => JSON.stringify(each) !== same);
    loaded.set(connection, [...others, part].slice(-MOST));
  }
}
