import { expect, test } from "vitest";
import { secondsOf, segmentsOf, summary } from "./segments";
import type { ToolUse, Turn, TurnPart } from "./turns";

function tool(state: ToolUse["state"], seconds: number | null = null): ToolUse {
  return {
    kind: "tool",
    id: "c",
    name: "run_code",
    input: {},
    state,
    seconds,
    output: "",
    error: "",
  };
}

function turn(...parts: TurnPart[]): Turn {
  const spent = { prompt: 0, completion: 0, cost: null, budget: null };
  return { id: "q", question: "?", askedAt: "", parts, spent, state: { kind: "running" } };
}

test("steps that follow one another are one segment, and keep their place", () => {
  const thought = { kind: "thought" as const, text: "hm" };
  const text = { kind: "text" as const, text: "So" };
  const segments = segmentsOf(turn(thought, tool("done"), text, tool("running")));
  expect(segments.map(({ kind, key }) => [kind, key])).toEqual([
    ["steps", 0],
    ["text", 2],
    ["steps", 3],
  ]);
});

test("an approval is folded once there is a word on it", () => {
  const request = {
    seq: 1,
    approval_id: "a",
    code: "x",
    sha256: "",
    language: "python",
    reason: "",
    untrusted: false,
  };
  const awaited = { kind: "approval" as const, request, word: "awaited" as const };
  expect(segmentsOf(turn(awaited)).map(({ kind }) => kind)).toEqual(["approval"]);
  expect(segmentsOf(turn({ ...awaited, word: "run" })).map(({ kind }) => kind)).toEqual(["steps"]);
});

test("the summary says what runs, what was done and what failed", () => {
  expect(summary([tool("done"), tool("running")])).toBe("running run_code");
  expect(summary([tool("running")], true)).toBe("wants to use run_code");
  expect(summary([tool("done")])).toBe("ran 1 step");
  expect(summary([tool("done"), tool("error")])).toBe("ran 2 steps, 1 failed");
  expect(secondsOf([tool("done", 1), tool("error", 0.5)])).toBe(1.5);
});
