/** A conversation as a value, and how each event makes another of it. */

import type { LlmUsage } from "~/kernel/protocol";
import type { BeakerEvent } from "~/kernel/types";
import type { Approval, Code, Spent, ToolUse, TurnPart } from "./parts";

export type * from "./parts";

export type TurnState =
  | { readonly kind: "running" }
  | { readonly kind: "ok" }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly ename: string; readonly evalue: string };

/** A question, and all that followed. */
export interface Turn {
  /** The `msg_id` of what asked. */
  readonly id: string;
  readonly question: string;
  readonly askedAt: string;
  readonly parts: readonly TurnPart[];
  readonly spent: Spent;
  readonly state: TurnState;
}

export interface Turns {
  /** The number of the last event that was taken in. */
  readonly seq: number;
  readonly turns: readonly Turn[];
  /** Questions of a conversation that was left: what is still heard of them isn't taken in. */
  readonly left: ReadonlySet<string>;
}

export const NO_TURNS: Turns = { seq: 0, turns: [], left: new Set() };
/** Turns that are kept on the page. */
export const MOST = 200;

const NOTHING_SPENT: Spent = { prompt: 0, completion: 0, cost: null, budget: null };
const RUNNING: TurnState = { kind: "running" };
const GONE: TurnState = {
  kind: "failed",
  ename: "Interrupted",
  evalue: "the kernel's model side ended before the answer did",
};

/**
 * Take in an event; one that was taken in before changes nothing.
 *
 * A question whose number is too low begins another conversation, as after a restart; what was said
 * before stays in sight.
 */
export function take(turns: Turns, event: BeakerEvent, question: string): Turns {
  if (turns.left.has(question)) return turns;
  const { seq } = event.content;
  if (seq > turns.seq) return placed(turns, event, question, seq);
  const isKnown = turns.turns.some((turn) => turn.id === question && turn.askedAt);
  const begins = event.type === "llm_asked" && !isKnown;
  return begins ? placed(settle(turns, new Set([question])), event, question, seq) : turns;
}

/** Begin another conversation, without what runs in this one. */
export function leave(turns: Turns): Turns {
  const running = turns.turns.filter(({ state }) => state.kind === "running");
  return { ...NO_TURNS, left: new Set([...turns.left, ...running.map(({ id }) => id)]) };
}

/** Show a question before the kernel has said that it has it. */
export function begin(turns: Turns, id: string, question: string): Turns {
  return { ...turns, turns: [...turns.turns, { ...begun(id), question }] };
}

/** End a turn that got its reply; what its last event said counts more. */
export function finish(turns: Turns, id: string, state: TurnState): Turns {
  return {
    ...turns,
    turns: turns.turns.map((turn) => (turn.id === id ? ended(turn, state) : turn)),
  };
}

/** End the turns that nobody answers any more. */
export function settle(turns: Turns, running: ReadonlySet<string>): Turns {
  const settled = turns.turns.map((turn) => (running.has(turn.id) ? turn : ended(turn, GONE)));
  return { ...turns, turns: settled };
}

function placed(turns: Turns, event: BeakerEvent, question: string, seq: number): Turns {
  const at = turns.turns.findIndex((turn) => turn.id === question);
  const before = turns.turns[at] ?? begun(question);
  const turn = withEvent(before, event);
  const all = at < 0 ? [...turns.turns, turn] : turns.turns.with(at, turn);
  return { ...turns, seq, turns: all.slice(-MOST) };
}

function begun(id: string): Turn {
  return { id, question: "", askedAt: "", parts: [], spent: NOTHING_SPENT, state: RUNNING };
}

function withEvent(turn: Turn, event: BeakerEvent): Turn {
  switch (event.type) {
    case "llm_asked":
      return { ...turn, question: event.content.request, askedAt: event.content.asked_at };
    case "llm_delta":
      return said(turn, event.content.text, event.content.thought ? "thought" : "text");
    case "llm_response":
      return answered(turn, event.content.text);
    case "llm_thought":
      return thought(turn, event.content);
    case "tool_call_update":
      return updated(turn, event.content);
    case "code_cell":
      return adding(turn, code(turn, event.content, false));
    case "add_child_codecell":
      return adding(decided(turn, event.content.code), code(turn, event.content, true));
    case "approval_request":
      return adding(turn, { kind: "approval", request: event.content, word: "awaited" });
    case "llm_retry": {
      const { reason, delay_s: delay, attempt } = event.content;
      return adding(turn, { kind: "retry", reason, delay, attempt });
    }
    case "llm_usage":
      return { ...turn, spent: spent(turn.spent, event.content) };
    case "llm_auth_failure":
      return adding(turn, { kind: "notice", text: event.content.msg });
    case "llm_ended":
      return ended(turn, endOf(event.content));
    default:
      return event satisfies never;
  }
}

function adding(turn: Turn, part: TurnPart): Turn {
  return { ...turn, parts: [...turn.parts, part] };
}

function said(turn: Turn, text: string, kind: "text" | "thought"): Turn {
  const last = turn.parts.at(-1);
  if (last?.kind !== kind) return adding(turn, { kind, text });
  return { ...turn, parts: turn.parts.with(-1, { kind, text: last.text + text }) };
}

/** Have the whole answer, of which the beginning may be missing where much was said. */
function answered(turn: Turn, text: string): Turn {
  const last = turn.parts.at(-1);
  if (last?.kind === "text") return { ...turn, parts: turn.parts.with(-1, { ...last, text }) };
  return text ? adding(turn, { kind: "text", text }) : turn;
}

function thought(turn: Turn, content: Content<"llm_thought">): Turn {
  const spoken = content.thought ? adding(turn, { kind: "notice", text: content.thought }) : turn;
  return content.tool_calls.reduce((done, call) => adding(done, used(call)), spoken);
}

function used(call: Content<"llm_thought">["tool_calls"][number]): ToolUse {
  const { tool_call_id: id, tool_name: name, tool_input: input, state } = call;
  return { kind: "tool", id, name, input, state, seconds: null, output: "", error: "" };
}

function updated(turn: Turn, content: Content<"tool_call_update">): Turn {
  const over = content.state === "running" ? turn : closed(turn, "reject");
  const parts = over.parts.map((part) =>
    part.kind === "tool" && part.id === content.tool_call_id ? afterUpdate(part, content) : part,
  );
  return { ...over, parts };
}

function afterUpdate(tool: ToolUse, content: Content<"tool_call_update">): ToolUse {
  const { state, started_at: from, ended_at: to, output_preview, error } = content;
  const seconds = from && to ? (Date.parse(to) - Date.parse(from)) / 1000 : null;
  return { ...tool, state, seconds, output: output_preview ?? "", error: error ?? "" };
}

function code(turn: Turn, content: { language: string; code: string }, ran: boolean): Code {
  const count = turn.parts.filter((part) => part.kind === "code").length;
  const { language } = content;
  return { kind: "code", id: `${turn.id}.${count}`, language, code: content.code, ran };
}

/** Close the approval that was waited for, by the code that runs now. */
function decided(turn: Turn, ran: string): Turn {
  const asked = turn.parts.find(isAwaited);
  return asked ? closed(turn, asked.request.code === ran ? "run" : "edit") : turn;
}

function closed(turn: Turn, word: Approval["word"]): Turn {
  if (!turn.parts.some(isAwaited)) return turn;
  const parts = turn.parts.map((part) => (isAwaited(part) ? { ...part, word } : part));
  return { ...turn, parts };
}

export function isAwaited(part: TurnPart): part is Approval {
  return part.kind === "approval" && part.word === "awaited";
}

function spent(before: Spent, usage: LlmUsage): Spent {
  const cost = usage.cost === undefined ? before.cost : (before.cost ?? 0) + usage.cost;
  return {
    prompt: before.prompt + usage.prompt_tokens,
    completion: before.completion + usage.completion_tokens,
    cost,
    budget: usage.budget,
  };
}

function endOf(content: Content<"llm_ended">): TurnState {
  if (content.status === "ok") return { kind: "ok" };
  if (content.ename === "KeyboardInterrupt") return { kind: "stopped" };
  return { kind: "failed", ename: content.ename ?? "", evalue: content.evalue ?? "" };
}

function ended(turn: Turn, state: TurnState): Turn {
  return turn.state.kind === "running" ? { ...closed(turn, "over"), state } : turn;
}

type Content<T extends BeakerEvent["type"]> = Extract<BeakerEvent, { type: T }>["content"];
