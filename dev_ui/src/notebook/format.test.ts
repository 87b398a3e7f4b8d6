import { describe, expect, test } from "vitest";
import { emptyNotebook, FormatError, readNotebook, sameNotebook, writeNotebook } from "./format";

const STREAM = { output_type: "stream", name: "stdout", text: ["a\n", "b"] };
const FULL = {
  nbformat: 4,
  nbformat_minor: 6,
  later: { kept: true },
  metadata: { kernelspec: { name: "beaker" }, other: [1, { two: 2 }] },
  cells: [
    {
      id: "m",
      cell_type: "markdown",
      metadata: { tags: ["x"] },
      source: "![](attachment:a.png)",
      attachments: { "a.png": { "image/png": "AAAA" } },
    },
    {
      id: "c",
      cell_type: "code",
      metadata: { beaker: { author: "model" } },
      source: "print(1)",
      outputs: [STREAM],
      execution_count: 3,
    },
    { id: "r", cell_type: "raw", metadata: { format: "text/html" }, source: "<b>" },
    { id: "p", cell_type: "prompt", metadata: {}, source: "?", answer: { deep: ["x"] } },
  ],
};

function rewritten(content: unknown) {
  const { document, results } = readNotebook(content);
  return writeNotebook(document, (id) => results.get(id));
}

describe("a notebook that is read and written", () => {
  test("is the same, with what we don't know", () => {
    expect(rewritten(FULL)).toEqual(FULL);
  });

  test("has sources as texts, though they were lines", () => {
    const lines = { ...FULL, cells: [{ ...FULL.cells[1], source: ["a = 1\n", "a"] }] };
    expect(rewritten(lines).cells).toMatchObject([{ source: "a = 1\na" }]);
  });

  test("has an id for each cell, also where they were missing or doubled", () => {
    const cell = {
      cell_type: "code",
      metadata: {},
      source: "",
      outputs: [],
      execution_count: null,
    };
    const cells = [cell, { ...cell, id: "same" }, { ...cell, id: "same" }];
    const { document } = readNotebook({ nbformat: 4, nbformat_minor: 2, metadata: {}, cells });
    const ids = document.cells.map((each) => each.id);
    expect(new Set(ids).size).toBe(3);
    expect(ids[1]).toBe("same");
  });

  test("is of format 4.5 at least", () => {
    expect(rewritten({ ...FULL, nbformat_minor: 2 }).nbformat_minor).toBe(5);
  });

  test("keeps that its outputs are trusted", () => {
    const cell = { ...FULL.cells[1], metadata: { trusted: true } };
    expect(rewritten({ ...FULL, cells: [cell] }).cells).toEqual([cell]);
  });
});

test("what is no notebook is refused, and it is said why", () => {
  expect(() => readNotebook([])).toThrow(
    new FormatError("this is no notebook: it has no list of cells"),
  );
  expect(() => readNotebook({ ...FULL, nbformat: 5 })).toThrow("format 5");
});

test("a new notebook has a cell to write into", () => {
  const { document } = readNotebook(emptyNotebook("beaker"));
  expect(document.cells).toMatchObject([{ type: "code", source: "" }]);
  expect(document.metadata).toMatchObject({ kernelspec: { name: "beaker" } });
});

test("notebooks are the same in whichever order their fields are written", () => {
  const { cells, ...rest } = FULL;
  expect(sameNotebook(FULL, { cells, ...rest })).toBe(true);
  expect(sameNotebook(FULL, { ...rest, cells: cells.slice(1) })).toBe(false);
});
