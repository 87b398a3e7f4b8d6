import { expect, test } from "vitest";
import { difference, isChangeOf } from "./lines";

function written(before: string, after: string): string[] {
  const signs = { same: " ", old: "-", new: "+" };
  return difference(before, after).map(({ kind, text }) => signs[kind] + text);
}

test("a changed line is the old one and then the new one, between those that stay", () => {
  expect(written("a\nb\nc", "a\nB\nc")).toEqual([" a", "-b", "+B", " c"]);
});

test("lines are added and left out at both ends", () => {
  expect(written("a\nb", "b\nc")).toEqual(["-a", " b", "+c"]);
  expect(written("a", "a\nb")).toEqual([" a", "+b"]);
  expect(written("a\nb", "a")).toEqual([" a", "-b"]);
});

test("very long code is all old and all new", () => {
  const long = "x\n".repeat(500);
  expect(difference(long, long).some(({ kind }) => kind === "same")).toBe(false);
});

test("code that keeps half its lines is a change, and another piece is not", () => {
  expect(isChangeOf("a = 1\nb = 2", "a = 1\nb = 3")).toBe(true);
  expect(isChangeOf("a = 1\nb = 2", "import os\nos.listdir()")).toBe(false);
  expect(isChangeOf("a = 1", "a = 1")).toBe(false);
});
