/** Which cells are selected, and whether one is being edited. */

import { atom } from "nanostores";
import { indexOf, type NotebookDocument } from "./document";

export type Mode = "command" | "edit";

/** `active` has the keys; the selection goes from `anchor` to it. */
export interface Selected {
  readonly active: string;
  readonly anchor: string;
  readonly mode: Mode;
}

export class Selection {
  readonly now = atom<Selected>({ active: "", anchor: "", mode: "command" });

  select(id: string, mode: Mode = "command"): void {
    const { active, anchor, mode: before } = this.now.get();
    if (active === id && anchor === id && mode === before) return;
    this.now.set({ active: id, anchor: id, mode });
  }

  /** Let the selection reach to another cell. */
  extend(id: string): void {
    this.now.set({ ...this.now.get(), active: id, mode: "command" });
  }

  setMode(mode: Mode): void {
    const now = this.now.get();
    if (now.mode !== mode) this.now.set({ ...now, mode });
  }
}

/** The ids of the selected cells, in the order of the notebook. */
export function selectedIds(document: NotebookDocument, selected: Selected): string[] {
  const [one, other] = [indexOf(document, selected.active), indexOf(document, selected.anchor)];
  if (one < 0) return [];
  const from = other < 0 ? one : Math.min(one, other);
  return document.cells.slice(from, Math.max(one, other) + 1).map((cell) => cell.id);
}
