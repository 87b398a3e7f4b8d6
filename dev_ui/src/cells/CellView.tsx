/** A cell of code as one sees it: its editor, a run button, its outputs. */

import type { EditorView, KeyBinding } from "@codemirror/view";
import { useStore } from "@nanostores/react";
import { Play, Square } from "lucide-react";
import type { ReactNode } from "react";
import type { ExecutionResult, LiveKernel } from "~/kernel";
import styles from "./CellView.module.css";
import { CodeEditor } from "./CodeEditor";
import { ErrorActions } from "./ErrorActions";
import { errorLine } from "./errorLine";
import { InputField } from "./InputField";
import type { LiveCell } from "./liveCell";
import { OutputsView } from "./OutputsView";
import { RunStatus } from "./RunStatus";

export interface CellViewProps {
  readonly cell: LiveCell;
  readonly language: string;
  readonly kernel: LiveKernel | null;
  readonly size: "notebook" | "conversation";
  /** What a screen reader calls it: "cell 3". */
  readonly label: string;
  readonly run: () => void;
  /** Whether the model still writes the code, which can't be edited meanwhile. */
  readonly writing?: boolean;
  readonly stop: () => void;
  /** Asks the model to mend the cell. */
  readonly fix?: ((error: ExecutionResult) => void) | undefined;
  /** Keys that go before the editor's own. */
  readonly keys?: readonly KeyBinding[];
  readonly lineNumbers?: boolean;
  /** Whether its editor is about to be written in. */
  readonly editing?: boolean;
  readonly outputsHidden?: boolean;
  readonly onEditor?: (view: EditorView | null) => void;
  readonly onFocus?: () => void;
  /** Stands above the code: where it came from, what may be done with it. */
  readonly heading?: ReactNode;
}

export function CellView(props: CellViewProps) {
  const { cell, language, kernel, size, label, keys = runKeys(props.run), fix } = props;
  const state = useStore(cell.state);
  const shown = useStore(cell.shown);
  const asked = useStore(cell.asked);
  const failed = state.kind === "done" && state.result.status === "error" ? state.result : null;
  return (
    <div className={`${styles.cell} ${styles[size]}`} data-state={state.kind}>
      <Gutter {...props} />
      <div className={styles.body}>
        {props.heading}
        <div className={styles.code}>
          <CodeEditor
            text={cell.text}
            languageName={language}
            around={{ kernel, keys, label: `code of ${label}`, hint: "" }}
            lineNumbers={props.lineNumbers ?? false}
            wanted={props.editing ?? false}
            writing={props.writing ?? false}
            errorLine={failed && errorLine(failed)}
            {...(props.onEditor ? { onEditor: props.onEditor } : {})}
            {...(props.onFocus ? { onFocus: props.onFocus } : {})}
          />
          <RunStatus state={state} />
        </div>
        {shown && !props.outputsHidden && (
          <OutputsView outputs={cell.outputs} label={`output of ${label}`} />
        )}
        {asked && (
          <InputField asked={asked} answer={(value) => cell.answer(value)} stop={props.stop} />
        )}
        {failed && <ErrorActions error={failed} fix={fix} />}
      </div>
    </div>
  );
}

/** The run button, which stops while the cell runs, and the cell's number. */
function Gutter({ cell, label, run, stop }: CellViewProps) {
  const { kind } = useStore(cell.state);
  const count = useStore(cell.count);
  const active = kind === "running" || kind === "queued";
  return (
    <div className={styles.gutter}>
      <button
        type="button"
        className={active ? styles.stop : styles.run}
        aria-label={`${active ? "stop" : "run"} ${label}`}
        tabIndex={-1}
        onClick={active ? stop : run}
      >
        {active ? <Square size={12} /> : <Play size={14} />}
      </button>
      <span className={styles.count}>{active ? "[*]" : count === null ? "[ ]" : `[${count}]`}</span>
    </div>
  );
}

function runKeys(run: () => void): readonly KeyBinding[] {
  const now = () => {
    run();
    return true;
  };
  return ["Shift-Enter", "Ctrl-Enter", "Mod-Enter"].map((key) => ({ key, run: now }));
}
