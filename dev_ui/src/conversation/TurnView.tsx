/** A question, and the answer as it comes. */

import { useStore } from "@nanostores/react";
import type { Tokens } from "marked";
import { memo, useCallback } from "react";
import { InputField } from "~/cells";
import { codeSoFar, isClosed, Markdown, plainCode } from "~/text";
import { AnswerCode } from "./AnswerCode";
import { ApprovalCard } from "./ApprovalCard";
import { withoutMarks } from "./marks";
import { useRoom } from "./roomContext";
import { isRunnable } from "./runnable";
import { StepsView } from "./StepsView";
import { type Segment, segmentsOf } from "./segments";
import { silenceText } from "./silence";
import styles from "./TurnView.module.css";
import { type Code, isAwaited, type Turn } from "./turns";

export const TurnView = memo(({ turn }: { turn: Turn }) => {
  const segments = segmentsOf(turn);
  const question = withoutMarks(turn.question) || "an earlier question";
  return (
    <article className={styles.turn} aria-label={question}>
      <div className={styles.question}>{question}</div>
      {segments.map((segment) => (
        <SegmentView key={segment.key} segment={segment} turn={turn} />
      ))}
      <Asked turn={turn} />
      <End turn={turn} waiting={segments.length === 0} />
    </article>
  );
});

function SegmentView({ segment, turn }: { segment: Segment; turn: Turn }) {
  switch (segment.kind) {
    case "text":
      return <Said id={`${turn.id}/${segment.key}`} text={segment.text} over={isOver(turn)} />;
    case "notice":
      return <p className={styles.notice}>{segment.text}</p>;
    case "steps":
      return <StepsView steps={segment.steps} waits={turn.parts.some(isAwaited)} />;
    case "approval":
      return <ApprovalCard approval={segment} before={lastRun(turn)} />;
    case "code":
      return (
        <AnswerCode
          id={segment.id}
          code={segment.code}
          language={segment.language}
          label={segment.ran ? "code of the model" : "suggested cell"}
          ran={segment.ran}
        />
      );
    default:
      return segment satisfies never;
  }
}

interface SaidProps {
  readonly id: string;
  readonly text: string;
  /** Whether no more words come. */
  readonly over: boolean;
}

/** What the model says; its code blocks live. */
function Said({ id, text, over }: SaidProps) {
  const { room } = useRoom();
  const showCode = useCallback(
    (code: Tokens.Code, at: number) => {
      const language = room.kernel.language.get();
      if (!isRunnable(code.lang ?? "", language)) return plainCode(code);
      const whole = isClosed(code);
      return (
        <AnswerCode
          id={`${id}/${at}`}
          code={whole ? code.text : codeSoFar(code)}
          language={language}
          label={`block ${at + 1}`}
          writing={!whole && !over}
        />
      );
    },
    [room, id, over],
  );
  return (
    <div className={styles.said}>
      <Markdown text={text} showCode={showCode} />
    </div>
  );
}

/** What the model asks the person. */
function Asked({ turn }: { turn: Turn }) {
  const { room } = useRoom();
  const asked = useStore(room.asked);
  if (asked?.turn !== turn.id) return null;
  return (
    <InputField
      asked={asked.request}
      answer={(value) => room.answer(value)}
      stop={() => room.stop()}
    />
  );
}

function End({ turn, waiting }: { turn: Turn; waiting: boolean }) {
  const { room } = useRoom();
  switch (turn.state.kind) {
    case "running":
      return <Waiting turn={turn} begun={!waiting} />;
    case "ok":
      return null;
    case "stopped":
      return <p className={styles.notice}>stopped</p>;
    case "failed":
      return (
        <div className={styles.failed} role="alert">
          <p>{turn.state.evalue || turn.state.ename}</p>
          <button type="button" onClick={() => room.ask(turn.question)}>
            ask again
          </button>
        </div>
      );
    default:
      return turn.state satisfies never;
  }
}

/** A sign of life while nothing is said. */
function Waiting({ turn, begun }: { turn: Turn; begun: boolean }) {
  const { room } = useRoom();
  const now = useStore(room.silence);
  const silence = now?.turn === turn.id ? now.silence : null;
  if (begun && !silence) return null;
  return <p className={styles.waiting}>{silence ? silenceText(silence) : "thinking"}</p>;
}

function isOver(turn: Turn): boolean {
  return turn.state.kind !== "running";
}

function lastRun(turn: Turn): string | null {
  const ran = turn.parts.findLast((part): part is Code => part.kind === "code" && part.ran);
  return ran?.code ?? null;
}
