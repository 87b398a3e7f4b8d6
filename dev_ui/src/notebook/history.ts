/** What was before, and what was undone: a notebook's states, newest last. */

import type { Edit, NotebookDocument } from "./document";

const KEPT = 200;
/** Edits of one text that follow each other as quickly as this are undone together. */
const PAUSE_MS = 800;

/** The states of a notebook that one can go back to, and again forward. */
export class History {
  #before: NotebookDocument[] = [];
  #after: NotebookDocument[] = [];
  #typing: { readonly cell: string; readonly at: number } | null = null;

  /** Keep a state that is being left; `typing` names the cell whose text is being changed. */
  leave(state: NotebookDocument, typing: string | null, now: number): void {
    const goesOn = typing !== null && typing === this.#typing?.cell;
    if (!goesOn || now - (this.#typing?.at ?? 0) > PAUSE_MS) {
      this.#before = [...this.#before.slice(1 - KEPT), state];
    }
    this.#typing = typing === null ? null : { cell: typing, at: now };
    this.#after = [];
  }

  /** Have an edit hold in every state: it is none of the person's steps. */
  rewrite(edit: Edit): void {
    this.#before = this.#before.map(edit);
    this.#after = this.#after.map(edit);
  }

  undo(now: NotebookDocument): NotebookDocument | undefined {
    return this.#step(this.#before, this.#after, now);
  }

  redo(now: NotebookDocument): NotebookDocument | undefined {
    return this.#step(this.#after, this.#before, now);
  }

  #step(from: NotebookDocument[], to: NotebookDocument[], now: NotebookDocument) {
    this.#typing = null;
    const state = from.pop();
    if (state) to.push(now);
    return state;
  }
}
