/** What one does with the whole notebook, and whether it is saved. */

import { useStore } from "@nanostores/react";
import { ChevronsRight, RotateCcw, Square } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./Notebook.module.css";
import type { Notebook } from "./notebook";
import type { SaveState } from "./saving";

export function Toolbar({ notebook }: { notebook: Notebook }) {
  const state = useStore(notebook.saving.state);
  return (
    <div className={styles.toolbar} role="toolbar" aria-label="notebook">
      <Tool name="run all" act={() => notebook.runEvery()}>
        <ChevronsRight size={16} />
      </Tool>
      <Tool name="interrupt" act={() => void notebook.interrupt()}>
        <Square size={13} />
      </Tool>
      <Tool name="restart" act={() => void notebook.restart()}>
        <RotateCcw size={14} />
      </Tool>
      <output className={styles.saved} aria-label="saving" data-kind={state.kind}>
        {said(state)}
      </output>
    </div>
  );
}

function Tool({ name, act, children }: { name: string; act: () => void; children: ReactNode }) {
  return (
    <button type="button" className={styles.tool} onClick={act}>
      {children} {name}
    </button>
  );
}

function said(state: SaveState): string {
  switch (state.kind) {
    case "saved":
      return "saved";
    case "unsaved":
      return "not saved yet";
    case "saving":
      return "saving";
    case "failed":
      return "not saved";
    case "conflict":
      return "changed elsewhere";
  }
}
