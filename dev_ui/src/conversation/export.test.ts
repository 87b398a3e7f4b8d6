import { expect, test } from "vitest";
import { asNotebook } from "./export";
import type { Turn } from "./turns";

const SPENT = { prompt: 0, completion: 0, cost: null, budget: null };
const TURN: Turn = {
  id: "q",
  question: "Which city\nis cheapest?",
  askedAt: "",
  spent: SPENT,
  state: { kind: "ok" },
  parts: [
    { kind: "thought", text: "hm" },
    { kind: "code", id: "q.0", language: "python", code: "df.min()", ran: true },
    {
      kind: "text",
      text: "Lyon:\n\n```python\nprint('Lyon')\n```\n\nSo *it* is.\n\n```text\nx\n```",
    },
  ],
};

test("questions are quoted, code becomes cells, and the rest stays text in its order", () => {
  const { cells } = asNotebook([TURN], "python");
  expect(cells.map(({ cell_type, source }) => [cell_type, source])).toEqual([
    ["markdown", "> Which city\n> is cheapest?"],
    ["code", "df.min()"],
    ["markdown", "Lyon:"],
    ["code", "print('Lyon')"],
    ["markdown", "So *it* is.\n\n```text\nx\n```"],
  ]);
});

test("every cell has an id of its own", () => {
  const ids = asNotebook([TURN, TURN], "python").cells.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
