/** How the parts of a turn are shown: what one reads, and between it the steps, folded. */

import type { Approval, Code, Notice, Step, Text, Turn, TurnPart } from "./turns";

export type FoldedStep = Exclude<Step, Notice> | Approval;

export interface Steps {
  readonly kind: "steps";
  readonly steps: readonly FoldedStep[];
}

export type Segment = (Text | Code | Approval | Notice | Steps) & { readonly key: number };

/** Join the steps that follow one another; an approval that waits is none yet. */
export function segmentsOf(turn: Turn): Segment[] {
  const segments: Segment[] = [];
  turn.parts.forEach((part, key) => {
    const last = segments.at(-1);
    if (!isFolded(part)) segments.push({ ...part, key });
    else if (last?.kind === "steps")
      segments[segments.length - 1] = { ...last, steps: [...last.steps, part] };
    else segments.push({ kind: "steps", steps: [part], key });
  });
  return segments;
}

/** Say in a few words what was done, or is being done, or `waits` for the person's word. */
export function summary(steps: readonly FoldedStep[], waits = false): string {
  const last = steps.at(-1);
  const active = steps.find((step) => step.kind === "tool" && step.state === "running");
  if (active?.kind === "tool") return `${waits ? "wants to use" : "running"} ${active.name}`;
  if (last?.kind === "retry") return `asking again, attempt ${last.attempt}: ${last.reason}`;
  const tools = steps.filter((step) => step.kind === "tool");
  if (tools.length === 0)
    return steps.every((step) => step.kind === "thought") ? "thought" : "asked";
  const failed = tools.filter(({ state }) => state === "error").length;
  const counted = `ran ${tools.length} ${tools.length === 1 ? "step" : "steps"}`;
  return failed > 0 ? `${counted}, ${failed} failed` : counted;
}

/** The seconds that the steps took, as far as they have said. */
export function secondsOf(steps: readonly FoldedStep[]): number {
  return steps.reduce((sum, step) => sum + (step.kind === "tool" ? (step.seconds ?? 0) : 0), 0);
}

function isFolded(part: TurnPart): part is FoldedStep {
  if (part.kind === "approval") return part.word !== "awaited";
  return part.kind === "thought" || part.kind === "tool" || part.kind === "retry";
}
