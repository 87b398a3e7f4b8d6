import { expect, test } from "vitest";
import { toCodePoints, toCodeUnits } from "./offsets";

test("an emoji is one character to the kernel and two units to the editor", () => {
  const code = "x = '🧪'.jo";
  expect(toCodePoints(code, code.length)).toBe(code.length - 1);
  expect(toCodeUnits(code, code.length - 1)).toBe(code.length);
});

test("plain text is counted alike", () => {
  expect(toCodePoints("import os", 6)).toBe(6);
  expect(toCodeUnits("import os", 6)).toBe(6);
});
