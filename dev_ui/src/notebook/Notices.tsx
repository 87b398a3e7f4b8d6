/** What the person should know of the file: it can't be saved, it was changed elsewhere. */

import { useStore } from "@nanostores/react";
import type { ReactNode } from "react";
import styles from "./Notebook.module.css";
import type { Notebook } from "./notebook";
import type { Resolution } from "./saving";

export interface NoticesProps {
  readonly notebook: Notebook;
  readonly onMoved: (from: string, to: string) => void;
}

export function Notices({ notebook, onMoved }: NoticesProps) {
  const state = useStore(notebook.saving.state);
  const draft = useStore(notebook.draft);
  if (state.kind === "conflict") return <Conflict notebook={notebook} onMoved={onMoved} />;
  if (state.kind === "failed")
    return (
      <Notice said={`Not saved: ${state.reason}. Your work is kept in this browser.`}>
        <Choice act={() => void notebook.saving.save()}>try again</Choice>
      </Notice>
    );
  if (!draft) return null;
  return (
    <Notice
      said={`Work of ${clock(draft.at)} never reached the server. It was kept in this browser.`}
    >
      <Choice act={() => notebook.restoreDraft()}>bring it back</Choice>
      <Choice act={() => void notebook.dropDraft()}>forget it</Choice>
    </Notice>
  );
}

function Conflict({ notebook, onMoved }: NoticesProps) {
  const { path } = notebook.saving;
  const name = path.split("/").at(-1);
  const choose = (resolution: Resolution) => async () => {
    await notebook.resolve(resolution, copyOf(path, new Date()));
    if (notebook.saving.path !== path) onMoved(path, notebook.saving.path);
  };
  return (
    <Notice said={`${name} was changed elsewhere, and nothing is overwritten.`}>
      <Choice act={choose("mine")}>keep mine</Choice>
      <Choice act={choose("theirs")}>take theirs</Choice>
      <Choice act={choose("copy")}>save mine as a copy</Choice>
    </Notice>
  );
}

function Notice({ said, children }: { said: string; children: ReactNode }) {
  return (
    <div className={styles.notice} role="alert">
      <span>{said}</span>
      <span className={styles.choices}>{children}</span>
    </div>
  );
}

function Choice({ act, children }: { act: () => unknown; children: string }) {
  return (
    <button type="button" className={styles.choice} onClick={act}>
      {children}
    </button>
  );
}

function clock(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** A name for a copy that no file has: it tells the time to the second. */
function copyOf(path: string, now: Date): string {
  const time = now.toISOString().slice(11, 19).replaceAll(":", "");
  return path.replace(/(\.ipynb)?$/, `-mine-${time}.ipynb`);
}
