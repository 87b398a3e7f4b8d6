/** A cell of text: Markdown as it reads until it is edited; what isn't Markdown as it stands. */

import { useStore } from "@nanostores/react";
import { useMemo } from "react";
import { CodeEditor } from "~/cells";
import { HtmlText, hasHtml, Markdown } from "~/text";
import { edit } from "./actions";
import { withAttachments } from "./attachments";
import { edgeKeys } from "./edges";
import styles from "./Notebook.module.css";
import type { CellProps } from "./NotebookCell";
import { useCell } from "./useNotebook";

export function TextCell(props: CellProps & { readonly type: string }) {
  const { notebook, id, type } = props;
  const opened = useStore(notebook.opened).has(id);
  if (type === "markdown" && !opened) return <Rendered {...props} />;
  return <Source {...props} />;
}

function Source(props: CellProps & { readonly type: string }) {
  const { notebook, id, type, label, editing, onEditor, onFocus } = props;
  const markdown = type === "markdown";
  const keys = useMemo(() => edgeKeys(notebook, id), [notebook, id]);
  return (
    <div className={styles.text}>
      {!markdown && <span className={styles.kind}>{type}</span>}
      <CodeEditor
        text={notebook.editing.text(id)}
        languageName={markdown ? "markdown" : ""}
        around={{
          kernel: null,
          keys,
          label: `text of ${label}`,
          hint: "Text, in Markdown",
          wraps: true,
        }}
        wanted={editing}
        onEditor={onEditor}
        onFocus={onFocus}
      />
    </div>
  );
}

/** What the text says; HTML in it is sanitised, and nothing is fetched. */
function Rendered({ notebook, id }: CellProps) {
  const text = useCell(notebook, id, withAttachments) ?? "";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Enter does it, too
    <div className={styles.rendered} onDoubleClick={() => edit(notebook, id)}>
      {text.trim() ? (
        <Said text={text} />
      ) : (
        <p className={styles.empty}>An empty text: double-click, or ⏎</p>
      )}
    </div>
  );
}

function Said({ text }: { text: string }) {
  return hasHtml(text) ? <HtmlText text={text} /> : <Markdown text={text} />;
}
