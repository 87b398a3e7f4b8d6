/** One piece of code that can be run, and what it puts out: in the notebook or in an answer. */

import { atom, type ReadableAtom } from "nanostores";
import type {
  ExecutionResult,
  InputRequest,
  IOutput,
  LeftRun,
  LiveKernel,
  Outputs,
  ResumedRun,
} from "~/kernel/types";
import type { Text } from "./text";

/** What became of the cell's last run; `lost` where the kernel never told. */
export type RunState =
  | { readonly kind: "idle" }
  | { readonly kind: "queued" }
  | { readonly kind: "running"; readonly since: number }
  | { readonly kind: "done"; readonly result: ExecutionResult; readonly ms: number }
  | { readonly kind: "lost"; readonly reason: string };

/** What running a cell left; `trusted` tells Jupyter's notary that it was run here, and us nothing. */
export interface CellResult {
  readonly outputs: readonly IOutput[];
  readonly executionCount: number | null;
  readonly trusted: boolean;
}

export const NOTHING: CellResult = { outputs: [], executionCount: null, trusted: false };

/** A cell that lives: its outputs are made when they are first needed, and then kept. */
export class LiveCell {
  readonly #state = atom<RunState>({ kind: "idle" });
  readonly #count = atom<number | null>(null);
  /** Whether there is something to show below the code. */
  readonly #shown = atom(false);
  readonly #asked = atom<InputRequest | null>(null);
  readonly #onInput = (asked: InputRequest) => this.#asked.set(asked);
  #outputs: Outputs | null = null;
  #run = 0;

  /**
   * @param create - makes an empty place for outputs
   * @param saved - what an earlier run left
   */
  constructor(
    readonly id: string,
    readonly text: Text,
    private readonly create: () => Outputs,
    private saved: CellResult = NOTHING,
  ) {
    this.#count.set(saved.executionCount);
    this.#shown.set(saved.outputs.length > 0);
  }

  get state(): ReadableAtom<RunState> {
    return this.#state;
  }

  get count(): ReadableAtom<number | null> {
    return this.#count;
  }

  get shown(): ReadableAtom<boolean> {
    return this.#shown;
  }

  /** What the code waits for from the person. */
  get asked(): ReadableAtom<InputRequest | null> {
    return this.#asked;
  }

  get outputs(): Outputs {
    if (!this.#outputs) {
      this.#outputs = this.create();
      if (this.saved.outputs.length > 0) {
        this.#outputs.load(this.saved.outputs);
      }
    }
    return this.#outputs;
  }

  /**
   * Run the code as it is now; a later run of the same cell tells what became of it. `erred` hears
   * of an error as soon as it is shown.
   */
  run(
    kernel: LiveKernel,
    erred: () => void,
    metadata?: Record<string, unknown>,
  ): Promise<RunState> {
    const listener = { asked: this.#onInput, erred };
    const result = this.outputs.run(kernel, this.text.get(), listener, metadata);
    return this.#follow(Date.now(), result);
  }

  /** Belong to a kernel, which may have what earlier runs left. */
  attach(kernel: LiveKernel): void {
    this.#outputs?.attach(kernel);
  }

  /** Go on with a run that an earlier page began. */
  resume(kernel: LiveKernel, run: ResumedRun): Promise<RunState> {
    return this.#follow(run.left.since, this.outputs.resume(kernel, run, this.#onInput));
  }

  /** The run that goes on, if the page is left now. */
  left(): LeftRun | null {
    const state = this.#state.get();
    if (state.kind !== "running") return null;
    const { outputs } = this;
    const { msgId } = outputs;
    const asked = this.#asked.get()?.message ?? null;
    return { cell: this.id, msgId, since: state.since, outputs: outputs.toJSON(), asked };
  }

  /** Show what a request puts out that runs already, until the returned function says how it ended. */
  adopt(kernel: LiveKernel, msgId: string): (status: "ok" | "error") => void {
    const run = ++this.#run;
    const since = Date.now();
    this.#shown.set(true);
    this.#state.set({ kind: "running", since });
    this.saved = { ...this.saved, trusted: true };
    const leave = this.outputs.adopt(kernel, msgId);
    return (status) => {
      leave();
      const result = { status, executionCount: null };
      if (run === this.#run) this.#end({ kind: "done", result, ms: Date.now() - since });
    };
  }

  /** Tell the code what it waits for. */
  answer(value: string): void {
    const asked = this.#asked.get();
    this.#asked.set(null);
    asked?.answer(value);
  }

  /** Show that the cell waits for its turn, or waits no more. */
  wait(waiting: boolean): void {
    this.#state.set({ kind: waiting ? "queued" : "idle" });
  }

  clear(): void {
    this.#outputs?.clear();
    this.saved = NOTHING;
    this.#count.set(null);
    this.#shown.set(false);
    this.#state.set({ kind: "idle" });
  }

  /** What is to be written to a file. */
  result(): CellResult {
    const outputs = this.#outputs?.toJSON() ?? this.saved.outputs;
    return { outputs, executionCount: this.#count.get(), trusted: this.saved.trusted };
  }

  dispose(): void {
    this.#outputs?.dispose();
    this.#outputs = null;
  }

  async #follow(since: number, result: Promise<ExecutionResult>): Promise<RunState> {
    const run = ++this.#run;
    this.#shown.set(true);
    this.#state.set({ kind: "running", since });
    const ended = await result.then(
      (result): RunState => ({ kind: "done", result, ms: Date.now() - since }),
      (error: Error): RunState => ({ kind: "lost", reason: error.message }),
    );
    if (run === this.#run) this.#end(ended);
    return ended;
  }

  #end(ended: RunState): void {
    this.saved = { ...this.saved, trusted: true };
    if (ended.kind === "done" && ended.result.executionCount !== null) {
      this.#count.set(ended.result.executionCount);
    }
    this.#asked.set(null);
    this.#state.set(ended);
  }
}
