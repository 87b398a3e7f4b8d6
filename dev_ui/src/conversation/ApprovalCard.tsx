/** Code that waits for the person's word: exactly what would run, and the keys to decide. */

import { atom } from "nanostores";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { CodeEditor } from "~/cells";
import { difference, isChangeOf } from "~/text";
import styles from "./ApprovalCard.module.css";
import { approvalId, focusQuestion } from "./focus";
import { useRoom } from "./roomContext";
import type { Approval } from "./turns";
import { visible } from "./visible";

export interface ApprovalCardProps {
  readonly approval: Approval;
  /** What ran before for the same question; a change of it is shown as one. */
  readonly before: string | null;
}

export function ApprovalCard({ approval, before }: ApprovalCardProps) {
  const { room } = useRoom();
  const [editing, setEditing] = useState(false);
  const [decided, setDecided] = useState(false);
  const card = useRef<HTMLElement>(null);
  const { code, untrusted } = approval.request;
  useEffect(() => takeFocus(card.current), []);
  useLayoutEffect(() => {
    const { current } = card;
    return () => {
      if (current?.contains(document.activeElement)) focusQuestion();
    };
  }, []);

  const decide = (word: "run" | "edit" | "reject", changed?: string) => {
    if (decided) return;
    setDecided(true);
    room.decide(approval, word, changed);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const act = event.target === card.current ? KEYS[event.key] : undefined;
    if (!act || event.repeat || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (act === "edit") setEditing(true);
    else decide(act);
  };
  return (
    <section
      ref={card}
      id={approvalId(approval.request.approval_id)}
      className={styles.card}
      aria-label="run this?"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys work where it has the focus
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <h3 className={styles.title}>Run this?</h3>
      {untrusted && (
        <p className={styles.origin}>The model has read cells, outputs or files of this session.</p>
      )}
      {editing ? (
        <EditedCode
          approval={approval}
          run={(changed) => decide("edit", changed)}
          back={() => setEditing(false)}
        />
      ) : (
        <>
          <Proposed code={code} before={before} />
          <div className={styles.actions}>
            <button
              type="button"
              className={styles.run}
              disabled={decided}
              onClick={() => decide("run")}
            >
              run <kbd>⏎</kbd>
            </button>
            <button type="button" disabled={decided} onClick={() => setEditing(true)}>
              edit <kbd>e</kbd>
            </button>
            <button type="button" disabled={decided} onClick={() => decide("reject")}>
              reject <kbd>esc</kbd>
            </button>
          </div>
        </>
      )}
    </section>
  );
}

const KEYS: Record<string, "run" | "edit" | "reject"> = {
  Enter: "run",
  e: "edit",
  Escape: "reject",
};

/** Be ready for the keys, unless the person is writing elsewhere. */
function takeFocus(card: HTMLElement | null): void {
  const writing = document.activeElement?.closest("input, textarea, [contenteditable]");
  const filled = writing instanceof HTMLTextAreaElement ? writing.value !== "" : writing !== null;
  if (!writing || !filled) card?.focus({ preventScroll: true });
}

function Proposed({ code, before }: { code: string; before: string | null }) {
  if (before === null || !isChangeOf(before, code)) {
    return (
      <pre className={styles.code}>
        <Shown code={code} />
      </pre>
    );
  }
  return (
    <pre className={styles.code}>
      {difference(before, code).map(({ kind, text }, at) => (
        <span key={`${at}-${kind}`} className={styles[kind]}>
          {SIGNS[kind]} <Shown code={text} />
          {"\n"}
        </span>
      ))}
    </pre>
  );
}

const SIGNS = { same: " ", old: "-", new: "+" };

function Shown({ code }: { code: string }) {
  return visible(code).map(({ text, hidden }, at) =>
    hidden ? (
      <mark key={`${at}-${text}`} className={styles.hidden}>
        {text}
      </mark>
    ) : (
      text
    ),
  );
}

interface EditedCodeProps {
  readonly approval: Approval;
  readonly run: (code: string) => void;
  readonly back: () => void;
}

function EditedCode({ approval, run, back }: EditedCodeProps) {
  const { room } = useRoom();
  const { code, language } = approval.request;
  const text = useMemo(() => atom(code), [code]);
  const send = () => {
    run(text.get());
    return true;
  };
  const leave = () => {
    back();
    return true;
  };
  const keys = [
    { key: "Mod-Enter", run: send },
    { key: "Shift-Enter", run: send },
    { key: "Escape", run: leave },
  ];
  const around = { kernel: room.kernel, keys, label: "code to run instead", hint: "" };
  return (
    <>
      <div className={styles.editor}>
        <CodeEditor
          text={text}
          languageName={language}
          around={around}
          onEditor={(view) => view?.focus()}
        />
      </div>
      <div className={styles.actions}>
        <button type="button" className={styles.run} onClick={send}>
          run what I wrote <kbd>⇧⏎</kbd>
        </button>
        <button type="button" onClick={back}>
          back <kbd>esc</kbd>
        </button>
      </div>
    </>
  );
}
