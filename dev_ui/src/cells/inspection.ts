/** Shift-Tab: what the kernel knows of the name at the cursor, shown beside it. */

import { StateEffect, StateField } from "@codemirror/state";
import { type Command, type EditorView, keymap, showTooltip, type Tooltip } from "@codemirror/view";

/** Asks for a text about the name at an offset. */
export type Inspect = (code: string, cursor: number) => Promise<string | null>;

const show = StateEffect.define<Tooltip | null>();

const shown = StateField.define<Tooltip | null>({
  create: () => null,
  update(tooltip, transaction) {
    for (const effect of transaction.effects) if (effect.is(show)) return effect.value;
    return transaction.docChanged || transaction.selection ? null : tooltip;
  },
  provide: (field) => showTooltip.from(field),
});

export function inspection(inspect: Inspect) {
  const ask: Command = (view) => {
    void open(view, inspect);
    return true;
  };
  return [
    shown,
    keymap.of([
      { key: "Shift-Tab", run: ask },
      { key: "Escape", run: close },
    ]),
  ];
}

const close: Command = (view) => {
  if (!view.state.field(shown)) return false;
  view.dispatch({ effects: show.of(null) });
  return true;
};

async function open(view: EditorView, inspect: Inspect): Promise<void> {
  const { state } = view;
  const pos = state.selection.main.head;
  const text = await inspect(state.doc.toString(), pos);
  if (text === null || view.state.doc !== state.doc) return;
  const tooltip = { pos, above: false, create: () => ({ dom: told(text) }) };
  view.dispatch({ effects: show.of(tooltip) });
}

function told(text: string): HTMLElement {
  const dom = document.createElement("pre");
  dom.className = "cm-inspection";
  dom.setAttribute("role", "status");
  dom.textContent = text;
  return dom;
}
