import { expect, test } from "vitest";
import { readTraceback } from "./traceback";

const ARROW = "\x1b[32m----> \x1b[39m\x1b[32m2\x1b[39m     ";
const RAISED = {
  ename: "ZeroDivisionError",
  evalue: "division by zero",
  traceback: [
    "\x1b[31m---------------------------\x1b[39m",
    "\x1b[31mZeroDivisionError\x1b[39m         Traceback (most recent call last)",
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[7]\x1b[39m\x1b[32m, line 5\x1b[39m\nf(0)\n",
    `\x1b[36mFile \x1b[39m\x1b[32m~/work/some.py:2\x1b[39m, in f(x)\n${ARROW}return 1/x\n`,
    "\x1b[31mZeroDivisionError\x1b[39m: division by zero",
  ],
};

test("the last frame of a traceback is where the error arose", () => {
  const { title, last, frames } = readTraceback(RAISED);
  expect(title).toBe("ZeroDivisionError: division by zero");
  expect(last).toContain("some.py");
  expect(last).not.toContain("line 5");
  expect(frames).toBe(2);
});

test("of an error in an error the last counts", () => {
  const traceback = [...RAISED.traceback, "During handling of …:", "Cell In[8], line 1\nraise X"];
  expect(readTraceback({ ...RAISED, traceback }).last).toBe("Cell In[8], line 1\nraise X");
});

test("what names no frames, as in other languages, has none", () => {
  const traceback = ["Error in f(): no\nTraceback:\n1. f()"];
  const error = { ename: "ERROR", evalue: "", traceback };
  expect(readTraceback(error)).toEqual({ title: "ERROR", last: "", frames: 0 });
});
