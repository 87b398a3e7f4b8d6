/** What the model did between two things that one reads: one line, which opens. */

import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { duration } from "~/cells";
import styles from "./StepsView.module.css";
import { type FoldedStep, secondsOf, summary } from "./segments";
import type { ToolUse } from "./turns";

export interface StepsViewProps {
  readonly steps: readonly FoldedStep[];
  /** Whether the last one waits for the person's word. */
  readonly waits: boolean;
}

export function StepsView({ steps, waits }: StepsViewProps) {
  const [open, setOpen] = useState(false);
  const seconds = secondsOf(steps);
  const active = !waits && steps.some((step) => step.kind === "tool" && step.state === "running");
  return (
    <div className={styles.steps}>
      <button
        type="button"
        className={styles.line}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <ChevronRight size={14} className={open ? styles.opened : styles.closed} />
        <span className={active ? styles.active : undefined}>{summary(steps, waits)}</span>
        {seconds > 0 && <span>· {duration(seconds * 1000)}</span>}
      </button>
      {open && (
        <ol className={styles.list}>
          {steps.map((step, at) => (
            <li key={`${step.kind}-${at}`}>
              <StepView step={step} />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function StepView({ step }: { step: FoldedStep }) {
  switch (step.kind) {
    case "thought":
      return <p className={styles.thought}>{step.text}</p>;
    case "retry":
      return (
        <p>
          asked again after {step.delay} s: {step.reason}
        </p>
      );
    case "approval":
      return <p>{WORDS[step.word]}</p>;
    case "tool":
      return <ToolView tool={step} />;
    default:
      return step satisfies never;
  }
}

const WORDS = {
  awaited: "waits for your word",
  run: "you let it run",
  edit: "you changed it and let it run",
  reject: "it was not run",
  over: "it was not run: the question ended",
};

function ToolView({ tool }: { tool: ToolUse }) {
  return (
    <>
      <p>
        {tool.name} <span className={styles[tool.state]}>{tool.state}</span>
      </p>
      <pre className={styles.data}>{written(tool.input)}</pre>
      {tool.output && <pre className={styles.data}>{tool.output}</pre>}
      {tool.error && <pre className={`${styles.data} ${styles.error}`}>{tool.error}</pre>}
    </>
  );
}

/** Write what a tool was given: code as it is, everything else as JSON. */
function written(input: unknown): string {
  if (typeof input === "object" && input !== null && "code" in input) return String(input.code);
  return typeof input === "string" ? input : JSON.stringify(input, null, 2);
}
