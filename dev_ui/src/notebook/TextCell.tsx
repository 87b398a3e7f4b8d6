/** A cell of text: Markdown as it reads until it is edited; what isn't Markdown as it stands. */

import { useStore } from "@nanostores/react";
import { useEffect, useRef } from "react";
import { CodeEditor } from "~/cells";
import { edit } from "./actions";
import { withAttachments } from "./attachments";
import styles from "./Notebook.module.css";
import type { CellProps } from "./NotebookCell";
import { useCell } from "./useNotebook";

export function TextCell(props: CellProps & { readonly type: string }) {
  const { notebook, id, type } = props;
  const opened = useStore(notebook.opened).has(id);
  if (type === "markdown" && !opened) return <Rendered {...props} />;
  return <Source {...props} />;
}

function Source({ notebook, id, type, label, onEditor, onFocus }: CellProps & { type: string }) {
  const markdown = type === "markdown";
  return (
    <div className={styles.text}>
      {!markdown && <span className={styles.kind}>{type}</span>}
      <CodeEditor
        text={notebook.editing.text(id)}
        languageName={markdown ? "markdown" : ""}
        around={{ kernel: null, keys: [], label: `text of ${label}`, hint: "Text, in Markdown" }}
        onEditor={onEditor}
        onFocus={onFocus}
      />
    </div>
  );
}

function Rendered({ notebook, id }: CellProps) {
  const place = useRef<HTMLDivElement>(null);
  const cell = useCell(notebook, id, (each) => each);
  const { outputs } = notebook.live(id);
  const source = cell ? withAttachments(cell) : "";
  useEffect(() => {
    place.current?.append(outputs.node);
    return () => outputs.node.remove();
  }, [outputs]);
  useEffect(() => {
    const data = { "text/markdown": source };
    outputs.load([{ output_type: "display_data", data, metadata: {} }], false);
  }, [outputs, source]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Enter does it, too
    <div className={styles.rendered} onDoubleClick={() => edit(notebook, id)}>
      <div ref={place} hidden={source.trim() === ""} />
      {source.trim() === "" && <p className={styles.empty}>An empty text: double-click, or ⏎</p>}
    </div>
  );
}
