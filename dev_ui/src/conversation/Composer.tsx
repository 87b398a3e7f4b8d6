/** Where the person asks: Enter asks, Shift-Enter breaks the line, ↑ brings back what was asked. */

import { useStore } from "@nanostores/react";
import { ArrowUp, ListTree, Square } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";
import { Briefing } from "./Briefing";
import styles from "./Composer.module.css";
import { QUESTION_ID } from "./focus";
import { useRoom } from "./roomContext";
import { spentOn } from "./spent";

export function Composer() {
  const { room } = useRoom();
  const [question, setQuestion] = useState("");
  const [sheet, setSheet] = useState(false);
  const running = useStore(room.running).length > 0;
  const asked = useStore(room.turns).turns.map((turn) => turn.question);
  const send = () => {
    if (!question.trim()) return;
    room.ask(question.trim());
    setQuestion("");
  };
  return (
    <div className={styles.composer}>
      {sheet && <Briefing question={question} close={() => setSheet(false)} />}
      <Unseen />
      <div className={styles.box}>
        <Field {...{ question, setQuestion, asked, send }} />
        <div className={styles.buttons}>
          <button
            type="button"
            className={styles.quiet}
            aria-expanded={sheet}
            title="what the model will see"
            aria-label="what the model will see"
            onClick={() => setSheet(!sheet)}
          >
            <ListTree size={14} />
          </button>
          {running && (
            <button
              type="button"
              className={styles.stop}
              aria-label="stop"
              title="stop (esc)"
              onClick={() => room.stop()}
            >
              <Square size={12} /> stop
            </button>
          )}
          <button
            type="button"
            className={styles.ask}
            aria-label="ask"
            title="ask (enter)"
            disabled={!question.trim()}
            onClick={send}
          >
            <ArrowUp size={16} />
          </button>
        </div>
      </div>
      <Spending />
    </div>
  );
}

interface FieldProps {
  readonly question: string;
  readonly setQuestion: (question: string) => void;
  readonly asked: readonly string[];
  readonly send: () => void;
}

function Field({ question, setQuestion, asked, send }: FieldProps) {
  const { room } = useRoom();
  const field = useRef<HTMLTextAreaElement>(null);
  const back = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: its height follows what stands in it
  useLayoutEffect(() => grow(field.current), [question]);

  const recall = (step: number): boolean => {
    const browsing = question === "" || question === asked.at(-back.current);
    const wanted = Math.max(0, Math.min(asked.length, back.current + step));
    if (!browsing || wanted === back.current) return false;
    back.current = wanted;
    setQuestion(wanted === 0 ? "" : (asked.at(-wanted) ?? ""));
    return true;
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      back.current = 0;
      send();
    } else if (event.key === "Escape" && room.running.get().length > 0) room.stop();
    else if (!(event.key === "ArrowUp" && recall(1)) && !(event.key === "ArrowDown" && recall(-1)))
      return;
    event.preventDefault();
  };
  return (
    <textarea
      id={QUESTION_ID}
      ref={field}
      rows={1}
      className={styles.field}
      aria-label="question"
      placeholder="ask about your session"
      value={question}
      onChange={(event) => {
        back.current = 0;
        setQuestion(event.target.value);
      }}
      onKeyDown={onKeyDown}
    />
  );
}

function grow(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

/** Results that the model hasn't seen, offered; and whether they go to it by themselves. */
function Unseen() {
  const { room } = useRoom();
  const cells = useStore(room.unseen);
  const alone = useStore(room.goesOnAlone);
  const running = useStore(room.running).length > 0;
  if (cells.length === 0) return null;
  const said = cells.length === 1 ? "1 result is new" : `${cells.length} results are new`;
  return (
    <div className={styles.unseen} role="status">
      <span>{said} to the model</span>
      <label>
        <input
          type="checkbox"
          checked={alone}
          onChange={(event) => room.goesOnAlone.set(event.target.checked)}
        />
        always tell it
      </label>
      <button type="button" disabled={running} onClick={() => room.goOn()}>
        tell it
      </button>
    </div>
  );
}

function Spending() {
  const { room } = useRoom();
  const { turns } = useStore(room.turns);
  const problem = useStore(room.problem);
  const { text, warning } = spentOn(turns);
  return (
    <div className={styles.spending}>
      <span>{text}</span>
      {warning && <span className={styles.warning}>{warning}</span>}
      {problem && (
        <span className={styles.problem} role="alert">
          {problem}
        </span>
      )}
    </div>
  );
}
