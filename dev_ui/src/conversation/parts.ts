/** What a turn is made of. */

import type { ApprovalRequest, LlmUsage } from "~/kernel/protocol";

export type Step = Thought | Notice | ToolUse | Retry;
export type TurnPart = Text | Code | Approval | Step;

/** What the model says, in Markdown. */
export interface Text {
  readonly kind: "text";
  readonly text: string;
}

export interface Thought {
  readonly kind: "thought";
  readonly text: string;
}

/** What Beaker itself says. */
export interface Notice {
  readonly kind: "notice";
  readonly text: string;
}

export interface ToolUse {
  readonly kind: "tool";
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
  readonly state: "running" | "done" | "error" | "cancelled";
  readonly seconds: number | null;
  readonly output: string;
  readonly error: string;
}

export interface Retry {
  readonly kind: "retry";
  readonly reason: string;
  readonly delay: number;
  readonly attempt: number;
}

/** A cell of the answer; `ran` where its code runs for the question, under its id. */
export interface Code {
  readonly kind: "code";
  readonly id: string;
  readonly language: string;
  readonly code: string;
  readonly ran: boolean;
}

/** Code that waits for the person's word, until anything else happens to the question. */
export interface Approval {
  readonly kind: "approval";
  readonly request: ApprovalRequest;
  readonly word: "awaited" | "run" | "edit" | "reject" | "over";
}

export interface Spent {
  readonly prompt: number;
  readonly completion: number;
  readonly cost: number | null;
  readonly budget: LlmUsage["budget"] | null;
}
