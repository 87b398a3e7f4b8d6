/** What the mouse can do with the selected cell. */

import { ArrowDown, ArrowUp, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { moveSelected, removeSelected, setType } from "./actions";
import styles from "./Notebook.module.css";
import type { Notebook } from "./notebook";

export function CellTools({
  notebook,
  id,
  type,
}: {
  notebook: Notebook;
  id: string;
  type: string;
}) {
  const on = (act: () => void) => () => {
    notebook.selection.select(id);
    act();
  };
  return (
    <div className={styles.tools} role="toolbar" aria-label="cell">
      <select
        aria-label="kind of cell"
        value={type}
        onChange={(event) => on(() => setType(notebook, event.target.value))()}
      >
        <option value="code">code</option>
        <option value="markdown">text</option>
        <option value="raw">raw</option>
      </select>
      <Tool name="move the cell up" act={on(() => moveSelected(notebook, -1))}>
        <ArrowUp size={14} />
      </Tool>
      <Tool name="move the cell down" act={on(() => moveSelected(notebook, 1))}>
        <ArrowDown size={14} />
      </Tool>
      <Tool name="delete the cell" act={on(() => removeSelected(notebook))}>
        <Trash2 size={14} />
      </Tool>
    </div>
  );
}

function Tool({ name, act, children }: { name: string; act: () => void; children: ReactNode }) {
  return (
    <button type="button" className={styles.tool} aria-label={name} title={name} onClick={act}>
      {children}
    </button>
  );
}
