/** What components hear of a notebook: only what they show. */

import { useStore } from "@nanostores/react";
import { useCallback, useRef, useSyncExternalStore } from "react";
import type { DocumentCell } from "./document";
import type { Notebook } from "./notebook";
import type { Mode } from "./selection";

/** The ids of the cells; the same array as long as no cell comes, goes or moves. */
export function useCellIds(notebook: Notebook): readonly string[] {
  const kept = useRef<readonly string[]>([]);
  return useDocument(notebook, () => {
    const ids = notebook.editing.document.get().cells.map((cell) => cell.id);
    if (!sameItems(kept.current, ids)) kept.current = ids;
    return kept.current;
  });
}

/** A part of a cell; the component is rendered anew when that part is another. */
export function useCell<T>(notebook: Notebook, id: string, part: (cell: DocumentCell) => T) {
  return useDocument(notebook, () => {
    const cell = notebook.editing.cell(id);
    return cell && part(cell);
  });
}

/** How a cell is selected, if it is. */
export function useSelected(notebook: Notebook, id: string): Mode | "also" | null {
  const { now } = notebook.selection;
  const listen = useCallback((changed: () => void) => now.listen(changed), [now]);
  return useSyncExternalStore(listen, () => {
    const { active, anchor, mode } = now.get();
    if (active === id) return mode;
    return active !== anchor && notebook.selected.includes(id) ? "also" : null;
  });
}

export function useProposal(notebook: Notebook, id: string) {
  return useStore(notebook.wishes.proposals).get(id);
}

function useDocument<T>(notebook: Notebook, read: () => T): T {
  const { document } = notebook.editing;
  const listen = useCallback((changed: () => void) => document.listen(changed), [document]);
  return useSyncExternalStore(listen, read);
}

function sameItems(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, at) => item === other[at]);
}
