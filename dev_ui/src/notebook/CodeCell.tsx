/** A code cell in the notebook. */

import { useStore } from "@nanostores/react";
import { useMemo } from "react";
import { CellView } from "~/cells";
import { isRecord } from "./document";
import { edgeKeys } from "./edges";
import type { CellProps } from "./NotebookCell";
import { Provenance } from "./Provenance";
import { useCell } from "./useNotebook";

export function CodeCell(props: CellProps) {
  const { notebook, id, view, kernel, language, label, fix } = props;
  const numbered = useStore(view.numbered).has(id);
  const all = useStore(view.allNumbered);
  const metadata = useCell(notebook, id, (cell) => cell.metadata) ?? {};
  const jupyter = metadata.jupyter;
  const keys = useMemo(() => edgeKeys(notebook, id), [notebook, id]);
  return (
    <CellView
      cell={notebook.live(id)}
      language={language}
      kernel={kernel}
      size="notebook"
      label={label}
      run={() => notebook.run(id)}
      stop={() => void notebook.interrupt()}
      fix={fix && ((error) => fix({ id, source: notebook.editing.text(id).get() }, error))}
      keys={keys}
      editing={props.editing}
      lineNumbers={numbered !== all}
      outputsHidden={isRecord(jupyter) && jupyter.outputs_hidden === true}
      onEditor={props.onEditor}
      onFocus={props.onFocus}
      heading={<Provenance notebook={notebook} id={id} />}
    />
  );
}
