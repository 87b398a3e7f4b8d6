import { expect, test } from "vitest";
import { isRunnable } from "./runnable";

test.each(["python", "py", "Python", "python3 title=x", "py {1}"])("%s runs in Python", (fence) => {
  expect(isRunnable(fence, "python")).toBe(true);
});

test.each(["", "text", "console", "r", "sql"])("'%s' doesn't", (fence) => {
  expect(isRunnable(fence, "python")).toBe(false);
});

test("R's kernel writes its name large", () => {
  expect(isRunnable("r", "R")).toBe(true);
});
