/** How the notebook is looked at: what is neither in the file nor undone. */

import { atom, type ReadableAtom } from "nanostores";

export class NotebookView {
  readonly #numbered = atom<ReadonlySet<string>>(new Set());
  readonly #allNumbered = atom(false);

  /** The cells with line numbers. */
  get numbered(): ReadableAtom<ReadonlySet<string>> {
    return this.#numbered;
  }

  get allNumbered(): ReadableAtom<boolean> {
    return this.#allNumbered;
  }

  toggleNumbers(id: string): void {
    const numbered = new Set(this.#numbered.get());
    if (!numbered.delete(id)) numbered.add(id);
    this.#numbered.set(numbered);
  }

  toggleAllNumbers(): void {
    this.#allNumbered.set(!this.#allNumbered.get());
  }
}
