/** The model's wishes about the notebook: what it may do at once, and what it proposes. */

import { atom, type ReadableAtom } from "nanostores";
import type { Beaker, Dispose, LiveKernel } from "~/kernel/types";
import { applyCellOp, type CellOpTarget, editFor, type Proposal } from "./cellOps";
import { keepConversation } from "./document";
import type { Editing } from "./editing";
import type { Selection } from "./selection";

/** The notebook, as far as the model has to do with it. */
export interface WishedFor {
  readonly editing: Editing;
  readonly selection: Selection;
  content(): Record<string, unknown>;
  runForModel(id: string, beaker?: Record<string, unknown>): void;
}

const nothing: Dispose = () => undefined;

export class Wishes implements CellOpTarget {
  readonly #proposals = atom<ReadonlyMap<string, Proposal>>(new Map());
  #kernel: LiveKernel | null = null;
  #unfollow = nothing;
  #detach = nothing;

  constructor(private readonly notebook: WishedFor) {}

  get editing(): Editing {
    return this.notebook.editing;
  }

  /** What waits for the person's word, by its cell. */
  get proposals(): ReadableAtom<ReadonlyMap<string, Proposal>> {
    return this.#proposals;
  }

  /** Let the model that shares a kernel read the notebook, and change it. */
  follow(kernel: LiveKernel | null): void {
    if (kernel === this.#kernel) return;
    this.#kernel = kernel;
    this.#unfollow();
    this.#detach();
    this.#unfollow = kernel?.beaker.subscribe((beaker) => this.#attach(beaker)) ?? nothing;
  }

  below(): string | null {
    return this.notebook.selection.now.get().active || null;
  }

  run(id: string, beaker?: Record<string, unknown>): void {
    this.notebook.runForModel(id, beaker);
  }

  propose(id: string, proposal: Proposal): void {
    this.#proposals.set(new Map(this.#proposals.get()).set(id, proposal));
  }

  /** Take the model's proposal for a cell, or leave the cell as it is. */
  settle(id: string, taken: boolean): void {
    const left = new Map(this.#proposals.get());
    const proposal = left.get(id);
    left.delete(id);
    this.#proposals.set(left);
    if (proposal && taken) this.editing.apply(editFor(proposal.op, id));
  }

  #attach(beaker: Beaker | null): void {
    this.#detach();
    if (!beaker) return;
    const ends = [
      beaker.onCellOp((op) => applyCellOp(this, op)),
      beaker.onNotebookState(() => this.notebook.content()),
      beaker.onHistory((said) => this.editing.note(keepConversation(said))),
    ];
    this.#detach = () => {
      for (const end of ends) end();
      this.#detach = nothing;
    };
  }
}
