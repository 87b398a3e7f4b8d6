/** A notebook that is being edited: its content now, and the way back. */

import { atom, type ReadableAtom } from "nanostores";
import type { Text } from "~/cells/text";
import type { Dispose } from "~/kernel/types";
import { change, type DocumentCell, type Edit, type NotebookDocument } from "./document";
import { History } from "./history";

/** The one owner of a notebook's content. */
export class Editing {
  readonly #now: ReturnType<typeof atom<NotebookDocument>>;
  readonly #history = new History();
  #index = new Map<string, DocumentCell>();
  readonly #changed = new Map<string, Set<(text: string) => void>>();

  constructor(document: NotebookDocument) {
    this.#now = atom(document);
    this.#index = indexed(document);
  }

  get document(): ReadableAtom<NotebookDocument> {
    return this.#now;
  }

  cell(id: string): DocumentCell | undefined {
    return this.#index.get(id);
  }

  apply(edit: Edit): void {
    this.#leave(edit(this.#now.get()), null);
  }

  /** Note something about the notebook that isn't undone. */
  note(edit: Edit): void {
    this.#history.rewrite(edit);
    this.#show(edit(this.#now.get()));
  }

  undo(): void {
    this.#show(this.#history.undo(this.#now.get()));
  }

  redo(): void {
    this.#show(this.#history.redo(this.#now.get()));
  }

  /** The text of one cell; its listeners hear of no other. */
  text(id: string): Text {
    return {
      get: () => this.cell(id)?.source ?? "",
      set: (source) => {
        if (source !== this.cell(id)?.source) {
          this.#leave(change(id, { source })(this.#now.get()), id);
        }
      },
      listen: (changed) => this.#listen(id, changed),
    };
  }

  #listen(id: string, changed: (text: string) => void): Dispose {
    const listeners = this.#changed.get(id) ?? new Set();
    this.#changed.set(id, listeners.add(changed));
    return () => {
      listeners.delete(changed);
      if (listeners.size === 0) this.#changed.delete(id);
    };
  }

  #leave(next: NotebookDocument, typing: string | null): void {
    if (next === this.#now.get()) return;
    this.#history.leave(this.#now.get(), typing, performance.now());
    this.#show(next);
  }

  #show(next: NotebookDocument | undefined): void {
    if (!next) return;
    const before = this.#index;
    this.#index = indexed(next);
    this.#now.set(next);
    for (const [id, listeners] of this.#changed) {
      const source = this.cell(id)?.source;
      if (source === undefined || source === before.get(id)?.source) continue;
      for (const changed of listeners) changed(source);
    }
  }
}

function indexed(document: NotebookDocument): Map<string, DocumentCell> {
  return new Map(document.cells.map((cell) => [cell.id, cell]));
}
