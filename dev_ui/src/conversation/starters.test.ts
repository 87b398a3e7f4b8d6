import { expect, test } from "vitest";
import { starters } from "./starters";

test("there are always three questions", () => {
  expect(starters([])).toHaveLength(3);
  expect(starters([{ name: "x", type: "int" }])).toHaveLength(3);
});

test("a table is asked about first, the newest of several", () => {
  const variables = ["old", "df"].map((name) => ({ name, type: "DataFrame" }));
  expect(starters(variables)[0]).toBe("What stands out in df?");
});

test("numbers are asked about by name", () => {
  expect(starters([{ name: "prices", type: "ndarray" }])[0]).toContain("prices");
});
