/** The line of a cell that an error names, marked until the cell is edited. */

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

/** Mark a line, counted from 1, or none. */
export const markLine = StateEffect.define<number | null>();

const failed = Decoration.line({ class: "cm-errorLine" });

export const markedLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    if (transaction.docChanged) return Decoration.none;
    for (const effect of transaction.effects) {
      if (effect.is(markLine)) return marked(effect.value, transaction.state.doc);
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function marked(line: number | null, doc: { lines: number; line(n: number): { from: number } }) {
  if (line === null || line < 1 || line > doc.lines) return Decoration.none;
  return Decoration.set([failed.range(doc.line(line).from)]);
}
