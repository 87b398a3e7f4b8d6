/** The arrows at the edge of an editor: they go on in the next one. */

import { completionStatus } from "@codemirror/autocomplete";
import type { EditorView, KeyBinding } from "@codemirror/view";
import { cellsOf } from "./actions";
import { indexOf } from "./document";
import type { Notebook } from "./notebook";

type Direction = -1 | 1;

export function edgeKeys(notebook: Notebook, id: string): KeyBinding[] {
  const beyond = (by: Direction) => (view: EditorView) =>
    isAtEdge(view, by) && goOn(notebook, id, by, column(view));
  return [
    { key: "ArrowUp", run: beyond(-1) },
    { key: "ArrowDown", run: beyond(1) },
  ];
}

/** Whether there is no line beyond the cursor's, wrapped ones included. */
function isAtEdge(view: EditorView, by: Direction): boolean {
  const { state } = view;
  const { main, ranges } = state.selection;
  if (!main.empty || ranges.length > 1 || completionStatus(state) === "active") return false;
  const edge = by < 0 ? 0 : state.doc.length;
  if (state.doc.lineAt(main.head).number !== state.doc.lineAt(edge).number) return false;
  const [here, there] = [view.coordsAtPos(main.head), view.coordsAtPos(edge)];
  return !here || !there || Math.abs(here.top - there.top) < 2;
}

function column({ state }: EditorView): number {
  const { head } = state.selection.main;
  return head - state.doc.lineAt(head).from;
}

/** Go to the next cell: into its editor, unless what one sees of it is what it says. */
function goOn(notebook: Notebook, id: string, by: Direction, at: number): boolean {
  const next = cellsOf(notebook)[indexOf(notebook.editing.document.get(), id) + by];
  if (!next) return false;
  const rendered = next.type === "markdown" && !notebook.opened.get().has(next.id);
  const editor = notebook.editors.get(next.id);
  if (editor) editor.dispatch({ selection: { anchor: entry(editor, by, at) } });
  notebook.selection.select(next.id, rendered ? "command" : "edit");
  return true;
}

function entry({ state: { doc } }: EditorView, by: Direction, at: number): number {
  const line = doc.line(by < 0 ? doc.lines : 1);
  return Math.min(line.from + at, line.to);
}
