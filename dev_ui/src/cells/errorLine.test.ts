import { expect, test } from "vitest";
import { duration } from "./duration";
import { errorLine } from "./errorLine";

function failed(executionCount: number, ...traceback: string[]) {
  return { status: "error", executionCount, traceback } as const;
}

test("the line of an error is that of its own cell", () => {
  const frames = [
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[4]\x1b[39m\x1b[32m, line 2\x1b[39m\n----> 2 f()",
    "Cell In[1], line 7, in f()\n----> 7 1 / 0",
  ];
  expect(errorLine(failed(4, ...frames))).toBe(2);
  expect(errorLine(failed(1, ...frames))).toBe(7);
});

test("what didn't fail, or not in a cell, marks no line", () => {
  expect(errorLine({ status: "ok", executionCount: 1 })).toBeNull();
  expect(errorLine(failed(3, 'File "x.py", line 3'))).toBeNull();
});

test("times are said in as few words as will do", () => {
  expect([14, 700, 1_234, 12_345, 75_000, 3_700_000].map(duration)).toEqual([
    "10 ms",
    "700 ms",
    "1.2 s",
    "12 s",
    "1 min 15 s",
    "1 h 1 min",
  ]);
});
