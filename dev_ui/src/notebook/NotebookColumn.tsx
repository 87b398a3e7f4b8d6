/** The notebook's column: what is open, or how to open something. */

import { useStore } from "@nanostores/react";
import { type RefObject, useEffect, useMemo, useRef } from "react";
import type { Dispose, LiveKernel } from "~/kernel";
import { Clipboard, edit, type Fix, insertCell } from "./actions";
import { type BoundCommand, type NotebookKeys, notebookCommands } from "./commands";
import { KeyReader } from "./keys";
import styles from "./Notebook.module.css";
import { NotebookCell } from "./NotebookCell";
import { Notices } from "./Notices";
import type { Notebook } from "./notebook";
import { Toolbar } from "./Toolbar";
import { useCellIds } from "./useNotebook";
import { NotebookView } from "./view";
import type { Approvals } from "./Waiting";

export interface NotebookColumnProps {
  readonly notebook: Notebook;
  readonly kernel: LiveKernel | null;
  readonly fix?: Fix | undefined;
  /** What of it waits for the person's word. */
  readonly approvals?: Approvals | undefined;
  /** Shows all keys. */
  readonly help: () => void;
  /** Told of another file to which the work goes from now on. */
  readonly onMoved: (from: string, to: string) => void;
  /** Takes the notebook's commands into the page's table, as long as it is open. */
  readonly offer?: ((commands: readonly BoundCommand[]) => Dispose) | undefined;
}

const clipboard = new Clipboard();

export function NotebookColumn(props: NotebookColumnProps) {
  const { notebook, kernel, fix, approvals, offer, help, onMoved } = props;
  const place = useRef<HTMLDivElement>(null);
  const view = useMemo(() => new NotebookView(), []);
  const at = useMemo(() => ({ notebook, clipboard, view, help }), [notebook, view, help]);
  useKeys(at, place);
  useOffer(at, offer);
  useLeaving(notebook);
  return (
    <div ref={place} className={styles.notebook} data-notebook>
      <Toolbar notebook={notebook} />
      <Notices notebook={notebook} onMoved={onMoved} />
      <Cells {...{ notebook, kernel, fix, approvals, view }} />
      <AddCell notebook={notebook} />
    </div>
  );
}

type CellsProps = Pick<NotebookColumnProps, "notebook" | "kernel" | "fix" | "approvals"> & {
  view: NotebookView;
};

function Cells(props: CellsProps) {
  const { notebook, kernel, fix, approvals, view } = props;
  const ids = useCellIds(notebook);
  const language = useLanguage(notebook, kernel);
  return (
    <div className={styles.cells}>
      {ids.map((id, at) => (
        <NotebookCell
          key={id}
          id={id}
          number={at + 1}
          notebook={notebook}
          view={view}
          kernel={kernel}
          language={language}
          fix={fix}
          approvals={approvals}
        />
      ))}
    </div>
  );
}

function AddCell({ notebook }: { notebook: Notebook }) {
  const add = (type: string) => () => {
    const last = notebook.editing.document.get().cells.at(-1);
    if (last) notebook.selection.select(last.id);
    edit(notebook, insertCell(notebook, 1, type));
  };
  return (
    <div className={styles.add}>
      <button type="button" onClick={add("code")}>
        + code
      </button>
      <button type="button" onClick={add("markdown")}>
        + text
      </button>
    </div>
  );
}

/** The kernel's language; as long as there is none, the one that the notebook names. */
function useLanguage(notebook: Notebook, kernel: LiveKernel | null): string {
  const { language } = useMemo(() => kernel ?? { language: notebook.language }, [kernel, notebook]);
  return useStore(language) || notebook.language.get();
}

function useKeys(at: NotebookKeys, place: RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const reader = new KeyReader(notebookCommands);
    const press = (event: KeyboardEvent) => {
      const { target } = event;
      if (event.defaultPrevented || !(target instanceof HTMLElement)) return;
      const mode = target.closest(".cm-editor") ? "edit" : "command";
      if (mode === "command" && !target.hasAttribute("data-cell")) return;
      const command = reader.read(event, mode);
      if (!command) return;
      event.preventDefault();
      command.run(at);
    };
    const { current } = place;
    current?.addEventListener("keydown", press);
    return () => current?.removeEventListener("keydown", press);
  }, [at, place]);
}

function useOffer(at: NotebookKeys, offer: NotebookColumnProps["offer"]): void {
  useEffect(
    () => offer?.(notebookCommands.map((each) => ({ ...each, run: () => each.run(at) }))),
    [at, offer],
  );
}

/** A page may be closed without a word: what isn't saved yet is saved, and what runs is noted. */
function useLeaving(notebook: Notebook): void {
  useEffect(() => {
    const hide = () => {
      if (document.visibilityState !== "hidden") return;
      void notebook.saving.keepDraft();
      if (notebook.saving.state.get().kind === "unsaved") void notebook.saving.save();
    };
    const leave = () => notebook.leave();
    document.addEventListener("visibilitychange", hide);
    window.addEventListener("pagehide", leave);
    return () => {
      document.removeEventListener("visibilitychange", hide);
      window.removeEventListener("pagehide", leave);
    };
  }, [notebook]);
}
