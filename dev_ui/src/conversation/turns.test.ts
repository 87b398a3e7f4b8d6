import { expect, test } from "vitest";
import type { BeakerEvent } from "~/kernel/types";
import {
  begin,
  finish,
  isAwaited,
  leave,
  MOST,
  NO_TURNS,
  settle,
  type Turn,
  type Turns,
  take,
} from "./turns";

type Made = {
  [T in BeakerEvent["type"]]: [T, Partial<Extract<BeakerEvent, { type: T }>["content"]>];
};

function events(...made: Made[BeakerEvent["type"]][]): BeakerEvent[] {
  return made.map(
    ([type, content], at) => ({ type, content: { seq: at + 1, ...content } }) as BeakerEvent,
  );
}

function taken(all: readonly BeakerEvent[], question = "q", turns: Turns = NO_TURNS): Turns {
  return all.reduce((done, event) => take(done, event, question), turns);
}

function only(turns: Turns): Turn {
  expect(turns.turns).toHaveLength(1);
  return turns.turns[0] as Turn;
}

const APPROVAL = { approval_id: "a", code: "x = 1", sha256: "h", language: "python", reason: "" };
const USING = {
  thought: "",
  thought_id: "t",
  tool_calls: [
    {
      tool_call_id: "c",
      tool_name: "run_code",
      tool_input: { code: "x = 1" },
      state: "running" as const,
    },
  ],
};
const ASKED: Made["llm_asked"] = [
  "llm_asked",
  { request: "why?", asked_at: "2026-01-01T10:00:00" },
];
const WAITING = events(
  ASKED,
  ["llm_thought", USING],
  ["approval_request", { ...APPROVAL, untrusted: true }],
);

test("pieces of an answer become one text", () => {
  const turn = only(
    taken(events(ASKED, ["llm_delta", { text: "Ly" }], ["llm_delta", { text: "on." }])),
  );
  expect(turn.question).toBe("why?");
  expect(turn.parts).toEqual([{ kind: "text", text: "Lyon." }]);
  expect(turn.state.kind).toBe("running");
});

test("events that come again change nothing", () => {
  const all = events(ASKED, ["llm_delta", { text: "a" }], ["llm_delta", { text: "b" }]);
  const once = taken(all);
  expect(taken(all, "q", once)).toBe(once);
});

test("an answer whose beginning was not kept is whole at its end", () => {
  const all = events(["llm_delta", { text: "on." }], ["llm_response", { text: "Lyon." }]);
  expect(only(taken(all)).parts).toEqual([{ kind: "text", text: "Lyon." }]);
});

test("two questions at a time don't mix", () => {
  const [first, second, third] = events(ASKED, ASKED, ["llm_delta", { text: "b" }]);
  let turns = NO_TURNS;
  if (first && second && third)
    turns = take(take(take(turns, first, "one"), second, "two"), third, "one");
  expect(turns.turns.map((turn) => turn.parts.length)).toEqual([1, 0]);
});

test("what the model thinks, what it says and what Beaker says are told apart", () => {
  const all = events(
    ["llm_delta", { text: "hm", thought: true }],
    ["llm_delta", { text: "Well" }],
    ["llm_thought", { thought: "The rules are followed.", thought_id: "n", tool_calls: [] }],
  );
  expect(only(taken(all)).parts.map((part) => part.kind)).toEqual(["thought", "text", "notice"]);
});

test("a tool call is updated where it stands", () => {
  const done = {
    tool_call_id: "c",
    state: "done" as const,
    output_preview: "42",
    started_at: "2026-01-01T10:00:00.000Z",
    ended_at: "2026-01-01T10:00:01.500Z",
  };
  const all = events(
    ["llm_thought", USING],
    ["llm_delta", { text: "So" }],
    ["tool_call_update", done],
  );
  const [tool] = only(taken(all)).parts;
  expect(tool).toMatchObject({ kind: "tool", state: "done", output: "42", seconds: 1.5 });
});

test("an approval waits until its code runs", () => {
  const waiting = taken(WAITING);
  expect(only(waiting).parts.some(isAwaited)).toBe(true);
  const [ran] = events(["add_child_codecell", { language: "python", code: "x = 1", seq: 4 }]);
  const turn = only(taken([ran as BeakerEvent], "q", waiting));
  expect(turn.parts.map((part) => part.kind)).toEqual(["tool", "approval", "code"]);
  expect(turn.parts[1]).toMatchObject({ word: "run" });
  expect(turn.parts[2]).toMatchObject({ id: "q.0", ran: true });
});

test("code that the person changed says so", () => {
  const [ran] = events(["add_child_codecell", { language: "python", code: "x = 2", seq: 4 }]);
  expect(only(taken([ran as BeakerEvent], "q", taken(WAITING))).parts[1]).toMatchObject({
    word: "edit",
  });
});

test("a tool that ends without running its code was refused", () => {
  const [end] = events(["tool_call_update", { tool_call_id: "c", state: "error", seq: 4 }]);
  expect(only(taken([end as BeakerEvent], "q", taken(WAITING))).parts[1]).toMatchObject({
    word: "reject",
  });
});

test("a stop is no failure, and ends what waits", () => {
  const [end] = events(["llm_ended", { status: "error", ename: "KeyboardInterrupt", seq: 4 }]);
  const turn = only(taken([end as BeakerEvent], "q", taken(WAITING)));
  expect(turn.state).toEqual({ kind: "stopped" });
  expect(turn.parts[1]).toMatchObject({ word: "over" });
});

test("tokens and cost of a question add up", () => {
  const budget = { kind: "tokens" as const, limit: 100, used: 30 };
  const usage = { prompt_tokens: 10, completion_tokens: 5, budget };
  const turn = only(
    taken(events(["llm_usage", { ...usage, cost: 0.5 }], ["llm_usage", { ...usage, cost: 0.25 }])),
  );
  expect(turn.spent).toEqual({ prompt: 20, completion: 10, cost: 0.75, budget });
});

test("a question that nobody answers any more has failed", () => {
  const turns = taken(WAITING);
  expect(only(settle(turns, new Set(["q"]))).state.kind).toBe("running");
  expect(only(settle(turns, new Set())).state.kind).toBe("failed");
});

test("a conversation that begins anew ends what was open before, and leaves it in sight", () => {
  const turns = taken(events(ASKED, ["llm_delta", { text: "a" }]));
  const both = taken(events(ASKED), "another", turns).turns;
  expect(both.map(({ id, state }) => [id, state.kind])).toEqual([
    ["q", "failed"],
    ["another", "running"],
  ]);
});

test("a question stands there at once, and once", () => {
  const turns = taken(events(ASKED), "q", begin(NO_TURNS, "q", "why?"));
  expect(only(turns).askedAt).not.toBe("");
});

test("a question that stands there already may begin another conversation", () => {
  const before = taken(events(ASKED, ["llm_delta", { text: "a" }]));
  const turns = taken(events(ASKED), "new", begin(before, "new", "why?"));
  expect(turns.seq).toBe(1);
  expect(turns.turns.map(({ id }) => id)).toEqual(["q", "new"]);
});

test("a question that the kernel never took ends with its reply", () => {
  const failed = { kind: "failed" as const, ename: "KernelGone", evalue: "" };
  expect(only(finish(begin(NO_TURNS, "q", "why?"), "q", failed)).state).toEqual(failed);
});

test("what is still heard of a conversation that was left is not taken in", () => {
  const before = taken(events(ASKED, ["llm_delta", { text: "a" }]), "old");
  const late = events(
    ["llm_delta", { text: "b", seq: 3 }],
    ["llm_ended", { status: "error", ename: "KeyboardInterrupt", seq: 4 }],
  );
  const left = taken(late, "old", leave(before));
  expect([left.seq, left.turns]).toEqual([0, []]);
  const next = taken(events(ASKED, ["llm_delta", { text: "c" }]), "new", left);
  expect(only(taken(late, "old", next)).parts).toEqual([{ kind: "text", text: "c" }]);
});

test("only the newest turns are kept", () => {
  let turns = NO_TURNS;
  for (let seq = 1; seq <= MOST + 5; seq++) {
    const [asked] = events(["llm_asked", { request: "?", seq }]);
    turns = take(turns, asked as BeakerEvent, `q${seq}`);
  }
  expect(turns.turns).toHaveLength(MOST);
  expect(turns.turns.at(-1)?.id).toBe(`q${MOST + 5}`);
});
