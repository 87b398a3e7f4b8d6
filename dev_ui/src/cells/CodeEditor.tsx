/** The editor of a cell: CodeMirror near the window, plain text far from it. */

import { EditorState, Transaction } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import styles from "./CodeEditor.module.css";
import {
  type EditorSurroundings,
  editorExtensions,
  language,
  lineNumbersIf,
  numbers,
} from "./editor";
import { languageExtension } from "./languages";
import { markLine } from "./markedLine";
import type { Text } from "./text";
import { useNear } from "./useNear";

export interface CodeEditorProps {
  readonly text: Text;
  readonly languageName: string;
  readonly around: EditorSurroundings;
  readonly lineNumbers?: boolean;
  /** Whether it is about to be written in, so that the next key must find it there. */
  readonly wanted?: boolean;
  /** Whether it is written elsewhere, and must not be edited meanwhile. */
  readonly writing?: boolean;
  readonly errorLine?: number | null;
  /** Told of the editor when there is one, and when it goes. */
  readonly onEditor?: (view: EditorView | null) => void;
  readonly onFocus?: () => void;
}

export function CodeEditor(props: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const near = useNear(place);
  return (
    <div className={styles.editor} ref={place}>
      {near || props.wanted ? <LiveEditor {...props} /> : <Still text={props.text.get()} />}
    </div>
  );
}

/** Code as text, as high as the editor would be. */
function Still({ text }: { text: string }) {
  return <pre className={styles.still}>{text || " "}</pre>;
}

function LiveEditor(props: CodeEditorProps) {
  const { text, languageName, lineNumbers = false, errorLine = null } = props;
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    if (!place.current) return;
    const editor = openEditor(place.current, text, () => latest.current);
    view.current = editor;
    const dispose = text.listen((source) => show(editor, source));
    latest.current.onEditor?.(editor);
    return () => {
      dispose();
      latest.current.onEditor?.(null);
      view.current = null;
      editor.destroy();
    };
  }, [text]);

  useEffect(() => {
    let wanted = true;
    void languageExtension(languageName).then((extension) => {
      if (wanted) view.current?.dispatch({ effects: language.reconfigure(extension) });
    });
    return () => {
      wanted = false;
    };
  }, [languageName]);

  useEffect(() => {
    view.current?.dispatch({ effects: numbers.reconfigure(lineNumbersIf(lineNumbers)) });
  }, [lineNumbers]);

  useEffect(() => {
    view.current?.dispatch({ effects: markLine.of(errorLine) });
  }, [errorLine]);

  return <div ref={place} />;
}

function openEditor(parent: HTMLElement, text: Text, props: () => CodeEditorProps): EditorView {
  const hear = EditorView.updateListener.of((update) => {
    if (update.docChanged && !update.transactions.some(isFromOutside)) {
      text.set(update.state.doc.toString());
    }
    if (update.focusChanged && update.view.hasFocus) props().onFocus?.();
  });
  const refuse = EditorState.transactionFilter.of((transaction) =>
    props().writing && transaction.docChanged && !isFromOutside(transaction) ? [] : transaction,
  );
  const extensions = [editorExtensions(() => props().around), hear, refuse];
  return new EditorView({ parent, state: EditorState.create({ doc: text.get(), extensions }) });
}

/** Show a text that was changed elsewhere, with the cursor where it was as far as that goes. */
function show(editor: EditorView, source: string): void {
  const { doc } = editor.state;
  if (doc.toString() === source) return;
  editor.dispatch({
    changes: differing(doc.toString(), source),
    annotations: Transaction.remote.of(true),
  });
}

function isFromOutside(transaction: Transaction): boolean {
  return transaction.annotation(Transaction.remote) === true;
}

/** The one stretch in which two texts differ. */
function differing(before: string, after: string) {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before[from] === after[from]) from += 1;
  let same = 0;
  const [to, end] = [before.length, after.length];
  while (same < shorter - from && before[to - 1 - same] === after[end - 1 - same]) same += 1;
  return { from, to: to - same, insert: after.slice(from, end - same) };
}
