/** What one does to a notebook with the keyboard, a button or the palette. */

import type { ExecutionResult } from "~/kernel/types";
import {
  change,
  type DocumentCell,
  indexOf,
  inOrder,
  insert,
  isRecord,
  merge,
  moveBelow,
  newCell,
  newId,
  remove,
  split,
} from "./document";
import type { Notebook } from "./notebook";

/** Cells that were cut or copied; they outlive the notebook that they are from. */
export class Clipboard {
  cells: readonly DocumentCell[] = [];
}

export function cellsOf(notebook: Notebook): readonly DocumentCell[] {
  return notebook.editing.document.get().cells;
}

export function active(notebook: Notebook): number {
  return indexOf(notebook.editing.document.get(), notebook.selection.now.get().active);
}

/** Go up or down; `extend` keeps what is selected. */
export function step(notebook: Notebook, by: number, extend = false): void {
  const cell = cellsOf(notebook)[active(notebook) + by];
  if (!cell) return;
  if (extend) notebook.selection.extend(cell.id);
  else notebook.selection.select(cell.id);
}

export function insertCell(notebook: Notebook, by: 0 | 1, type = "code", source = ""): string {
  const cell = newCell(type, source);
  notebook.editing.apply(insert(active(notebook) + by, cell));
  notebook.selection.select(cell.id);
  return cell.id;
}

export function removeSelected(notebook: Notebook): void {
  const ids = new Set(notebook.selected);
  const at = cellsOf(notebook).findIndex((cell) => ids.has(cell.id));
  notebook.editing.apply(remove(ids));
  selectAt(notebook, at);
}

export function copySelected(notebook: Notebook, clipboard: Clipboard): void {
  const ids = new Set(notebook.selected);
  clipboard.cells = cellsOf(notebook).filter((cell) => ids.has(cell.id));
}

/** Put what was copied below; each cell is a new one. */
export function paste(notebook: Notebook, clipboard: Clipboard): void {
  const cells = clipboard.cells.map((cell) => ({ ...cell, id: newId() }));
  const last = cells.at(-1);
  if (!last) return;
  notebook.editing.apply(insert(active(notebook) + 1, ...cells));
  notebook.selection.select(last.id);
}

export function moveSelected(notebook: Notebook, by: -1 | 1): void {
  const cells = cellsOf(notebook);
  const ids = new Set(notebook.selected);
  const first = cells.findIndex((cell) => ids.has(cell.id));
  const last = first + ids.size - 1;
  if ((by < 0 && first === 0) || (by > 0 && last === cells.length - 1)) return;
  const after = by < 0 ? (cells[first - 2]?.id ?? null) : (cells[last + 1]?.id ?? null);
  notebook.editing.apply(moveBelow(ids, after));
}

export function setType(notebook: Notebook, type: string): void {
  const changes = notebook.selected.map((id) => change(id, { type }));
  notebook.editing.apply(inOrder(...changes));
  if (type === "markdown") for (const id of notebook.selected) notebook.showSource(id, true);
}

/** Make headings of cells, or change their level. */
export function setHeading(notebook: Notebook, level: number): void {
  const changes = notebook.selected.map((id) => {
    const text = notebook.editing.cell(id)?.source.replace(/^#+ */, "") ?? "";
    return change(id, { type: "markdown", source: `${"#".repeat(level)} ${text}` });
  });
  notebook.editing.apply(inOrder(...changes));
  for (const id of notebook.selected) notebook.showSource(id, true);
}

/** Join the selected cells; a single one with the one below. */
export function mergeSelected(notebook: Notebook): void {
  const ids = notebook.selected;
  const below = cellsOf(notebook)[active(notebook) + 1];
  if (ids.length === 1 && below) ids.push(below.id);
  notebook.editing.apply(merge(new Set(ids)));
  notebook.selection.select(ids[0] ?? "");
}

export function splitAtCursor(notebook: Notebook): void {
  const { active: id } = notebook.selection.now.get();
  const offset = notebook.editors.get(id)?.state.selection.main.head;
  if (offset === undefined) return;
  const second = newId();
  notebook.editing.apply(split(id, offset, second));
  if (notebook.opened.get().has(id)) notebook.showSource(second, true);
  notebook.selection.select(second, "edit");
}

export type Then = "stay" | "advance" | "insert";

/** Run the selected cells: code is sent to the kernel, Markdown is shown as it reads. */
export function runSelected(notebook: Notebook, then: Then): void {
  const ids = notebook.selected;
  for (const id of ids) notebook.showSource(id, false);
  notebook.runAll(ids);
  const last = ids.at(-1) ?? "";
  notebook.selection.select(last);
  if (then === "insert") edit(notebook, insertCell(notebook, 1));
  if (then === "advance") advance(notebook);
}

/** Go to the next cell, which is made where there is none. */
function advance(notebook: Notebook): void {
  const next = cellsOf(notebook)[active(notebook) + 1];
  if (next) notebook.selection.select(next.id);
  else edit(notebook, insertCell(notebook, 1));
}

/** Edit a cell: its text, of which a Markdown cell otherwise shows the meaning. */
export function edit(notebook: Notebook, id: string): void {
  if (!notebook.editing.cell(id)) return;
  notebook.showSource(id, true);
  notebook.selection.select(id, "edit");
}

/** Hide or show the outputs of the selected cells; the notebook remembers. */
export function toggleOutputs(notebook: Notebook): void {
  const changes = notebook.selected.map((id) => {
    const metadata = notebook.editing.cell(id)?.metadata ?? {};
    const jupyter = isRecord(metadata.jupyter) ? metadata.jupyter : {};
    const hidden = jupyter.outputs_hidden !== true;
    return change(id, {
      metadata: { ...metadata, jupyter: { ...jupyter, outputs_hidden: hidden } },
    });
  });
  notebook.editing.apply(inOrder(...changes));
}

/** What the model is asked when the person presses "fix". */
export type Fix = (cell: { id: string; source: string }, error: ExecutionResult) => void;

function selectAt(notebook: Notebook, at: number): void {
  const cells = cellsOf(notebook);
  notebook.selection.select((cells[at] ?? cells.at(-1))?.id ?? "");
}
