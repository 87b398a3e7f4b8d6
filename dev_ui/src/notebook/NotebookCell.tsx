/** One cell in the notebook: selected or not, code or text. */

import type { EditorView } from "@codemirror/view";
import { memo, type ReactNode, useCallback, useEffect, useRef } from "react";
import { useNear } from "~/cells/useNear";
import type { LiveKernel } from "~/kernel";
import type { Fix } from "./actions";
import { CellTools } from "./CellTools";
import { CodeCell } from "./CodeCell";
import { estimatedHeight, useHeight } from "./heights";
import styles from "./Notebook.module.css";
import type { Notebook } from "./notebook";
import { ProposalCard } from "./ProposalCard";
import { TextCell } from "./TextCell";
import { useCell, useProposal, useSelected } from "./useNotebook";
import type { NotebookView } from "./view";
import { type Approvals, Waiting } from "./Waiting";

/** What all cells of a notebook share. */
export interface CellSurroundings {
  readonly notebook: Notebook;
  readonly view: NotebookView;
  readonly kernel: LiveKernel | null;
  readonly language: string;
  readonly fix: Fix | undefined;
  readonly approvals?: Approvals | undefined;
}

export interface CellProps extends CellSurroundings {
  readonly id: string;
  readonly label: string;
  readonly editing: boolean;
  readonly onEditor: (editor: EditorView | null) => void;
  readonly onFocus: () => void;
}

export interface NotebookCellProps extends CellSurroundings {
  readonly id: string;
  readonly number: number;
}

export const NotebookCell = memo(function NotebookCell(props: NotebookCellProps) {
  const { notebook, id, number } = props;
  const place = useRef<HTMLElement>(null);
  const type = useCell(notebook, id, (cell) => cell.type);
  const selected = useSelected(notebook, id);
  const near = useNear(place);
  const height = useHeight(place, near);
  useFocus(notebook, id, place);
  const onEditor = useCallback(
    (editor: EditorView | null) => register(notebook, id, editor),
    [notebook, id],
  );
  const onFocus = useCallback(() => notebook.selection.select(id, "edit"), [notebook, id]);
  const editing = selected === "edit";
  const shared = { ...props, label: `cell ${number}`, editing, onEditor, onFocus };
  const active = selected === "command" || editing;
  return (
    <article
      ref={place}
      className={styles.cell}
      data-cell={id}
      data-selected={selected !== null}
      data-mode={selected ?? ""}
      aria-label={`cell ${number}, ${type}`}
      tabIndex={active ? 0 : -1}
      onPointerDown={(event) => selectBy(event, notebook, id)}
    >
      {near || active ? body(type, shared) : <Far notebook={notebook} id={id} height={height} />}
      {props.approvals && <Waiting id={id} approvals={props.approvals} />}
      <Proposed notebook={notebook} id={id} />
      {active && <CellTools notebook={notebook} id={id} type={type ?? ""} />}
    </article>
  );
});

function body(type: string | undefined, props: CellProps): ReactNode {
  return type === "code" ? <CodeCell {...props} /> : <TextCell {...props} type={type ?? ""} />;
}

/** A cell that is far from the window: its text, as high as the cell was or may be. */
function Far({ notebook, id, height }: { notebook: Notebook; id: string; height: number }) {
  const minHeight = height || estimatedHeight(notebook.live(id).result().outputs);
  return (
    <pre className={styles.far} style={{ minHeight }}>
      {notebook.editing.text(id).get()}
    </pre>
  );
}

function Proposed({ notebook, id }: { notebook: Notebook; id: string }) {
  const proposal = useProposal(notebook, id);
  return proposal ? <ProposalCard notebook={notebook} id={id} proposal={proposal} /> : null;
}

function register(notebook: Notebook, id: string, editor: EditorView | null): void {
  if (!editor) {
    notebook.editors.delete(id);
    return;
  }
  notebook.editors.set(id, editor);
  const { active, mode } = notebook.selection.now.get();
  if (active === id && mode === "edit") editor.focus();
}

function selectBy(event: React.PointerEvent, notebook: Notebook, id: string): void {
  const target = event.target as Element;
  if (target.closest("button, a, input, textarea, select")) return;
  if (event.shiftKey) notebook.selection.extend(id);
  else if (!target.closest(".cm-editor")) notebook.selection.select(id);
}

/** Put the page's focus where the selection is, as long as it is in the notebook or nowhere. */
function useFocus(
  notebook: Notebook,
  id: string,
  place: React.RefObject<HTMLElement | null>,
): void {
  useEffect(() => {
    const follow = () => {
      const { active, mode } = notebook.selection.now.get();
      if (active !== id || !place.current || !mayFocus(place.current)) return;
      place.current.scrollIntoView({ block: "nearest" });
      if (mode === "command") place.current.focus({ preventScroll: true });
      else notebook.editors.get(id)?.focus();
    };
    follow();
    return notebook.selection.now.listen(follow);
  }, [notebook, id, place]);
}

function mayFocus(place: Element): boolean {
  const { activeElement } = document;
  if (!activeElement || activeElement === document.body) return true;
  return place.closest("[data-notebook]")?.contains(activeElement) ?? false;
}
