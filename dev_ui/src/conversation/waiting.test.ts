import { expect, test } from "vitest";
import type { TurnPart } from "./parts";
import { begin, NO_TURNS, type Turns } from "./turns";
import { waitingCells } from "./waiting";

const approval: TurnPart = {
  kind: "approval",
  word: "awaited",
  request: {
    seq: 2,
    approval_id: "a",
    code: "x",
    sha256: "",
    language: "python",
    reason: "",
    untrusted: false,
  },
};

function tool(input: unknown): TurnPart {
  const rest = { seconds: null, output: "", error: "" };
  return { kind: "tool", id: "t", name: "run_cell", input, state: "running", ...rest };
}

function asked(...parts: TurnPart[]): Turns {
  const { turns, ...rest } = begin(NO_TURNS, "q", "run it");
  return { ...rest, turns: turns.map((turn) => ({ ...turn, parts })) };
}

test("a cell that a tool was given waits as long as the approval does", () => {
  const given = tool({ cell_id: "c1" });
  expect([...waitingCells(asked(given, approval))]).toEqual([["c1", "a"]]);
  expect(waitingCells(asked(given, { ...approval, word: "run" })).size).toBe(0);
});

test("code that stands in no cell waits on its card alone", () => {
  expect(waitingCells(asked(tool({ code: "x" }), approval)).size).toBe(0);
  expect(waitingCells(asked(tool({ cell_id: 1 }), approval)).size).toBe(0);
});

test("where nothing waits, the value stays the same while an answer streams", () => {
  expect(waitingCells(asked())).toBe(waitingCells(asked(tool({ cell_id: "c1" }))));
});
