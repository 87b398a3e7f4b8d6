import { expect, test } from "vitest";
import { spentOn } from "./spent";
import type { Spent, Turn } from "./turns";

function turn(spent: Partial<Spent>): Turn {
  const all = { prompt: 0, completion: 0, cost: null, budget: null, ...spent };
  return { id: "q", question: "", askedAt: "", parts: [], spent: all, state: { kind: "ok" } };
}

test("nothing is said where nothing was spent", () => {
  expect(spentOn([])).toEqual({ text: "", warning: "" });
});

test("tokens and cost of all questions add up", () => {
  const turns = [turn({ prompt: 1500, cost: 0.001 }), turn({ completion: 600, cost: 0.002 })];
  expect(spentOn(turns).text).toBe("2.1k tokens · 0.003 $");
});

test("a model without a price has no cost", () => {
  expect(spentOn([turn({ prompt: 900 })]).text).toBe("900 tokens");
});

test("a limit that is nearly reached is named", () => {
  const budget = { kind: "tokens" as const, limit: 1000, used: 850 };
  expect(spentOn([turn({ budget })]).warning).toBe("850 of 1.0k tokens used for this question");
});
