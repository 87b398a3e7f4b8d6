/** A piece of code in an answer, alive: it can be edited, run, copied, put into the notebook. */

import { useStore } from "@nanostores/react";
import { Copy, FileInput, Play, Square } from "lucide-react";
import { useEffect } from "react";
import { CellView } from "~/cells";
import styles from "./AnswerCode.module.css";
import { fixQuestion } from "./fix";
import { useRoom } from "./roomContext";

export interface AnswerCodeProps {
  readonly id: string;
  readonly code: string;
  readonly language: string;
  readonly label: string;
  /** Whether its code has run for the question. */
  readonly ran?: boolean;
  /** Whether the model still writes it. */
  readonly writing?: boolean;
}

export function AnswerCode(props: AnswerCodeProps) {
  const { id, code, language, label, ran = false, writing = false } = props;
  const { room, insert } = useRoom();
  const cell = room.cells.cell(id, code);
  const { kind } = useStore(cell.state);
  useEffect(() => room.cells.fill(cell, code), [room, cell, code]);
  const active = kind === "running" || kind === "queued";
  const run = () => {
    if (!writing) void room.run(cell);
  };
  const stop = () => void room.kernel.interrupt();
  return (
    <div className={styles.cell}>
      <CellView
        cell={cell}
        language={language}
        kernel={room.kernel}
        size="conversation"
        label={label}
        writing={writing}
        run={run}
        stop={stop}
        fix={(error) => room.ask(fixQuestion(cell.text.get(), error))}
        heading={
          <div className={styles.bar}>
            <span className={styles.language}>
              {ran ? `${language} · run by the model` : language}
            </span>
            <Action
              label={`${active ? "stop" : "run"} ${label}`}
              act={active ? stop : run}
              disabled={writing}
            >
              {active ? <Square size={12} /> : <Play size={13} />}
            </Action>
            <Action
              label={`copy ${label}`}
              act={() => void navigator.clipboard.writeText(cell.text.get())}
            >
              <Copy size={13} />
            </Action>
            {insert && (
              <Action
                label={`insert ${label} into the notebook`}
                act={() => insert(cell.text.get())}
                disabled={writing}
              >
                <FileInput size={13} />
              </Action>
            )}
          </div>
        }
      />
    </div>
  );
}

interface ActionProps {
  readonly label: string;
  readonly act: () => void;
  readonly disabled?: boolean;
  readonly children: React.ReactNode;
}

function Action({ label, act, disabled = false, children }: ActionProps) {
  return (
    <button
      type="button"
      className={styles.action}
      aria-label={label}
      title={disabled ? "the model still writes it" : label}
      disabled={disabled}
      onClick={act}
    >
      {children}
    </button>
  );
}
