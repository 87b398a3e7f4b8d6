import { expect, test } from "vitest";
import * as edits from "./document";

function cell(id: string, source = id, type = "code"): edits.DocumentCell {
  return { id, type, source, metadata: {}, rest: {} };
}

function of(...ids: string[]): edits.NotebookDocument {
  return { cells: ids.map((id) => cell(id)), metadata: {}, rest: {} };
}

const ids = (document: edits.NotebookDocument) => document.cells.map((each) => each.id).join("");

test("cells are put where they should be", () => {
  expect(ids(edits.insert(1, cell("x"), cell("y"))(of("a", "b")))).toBe("axyb");
});

test("a notebook whose cells are all removed has an empty one", () => {
  const left = edits.remove(new Set(["a", "b"]))(of("a", "b"));
  expect(left.cells).toMatchObject([{ type: "code", source: "" }]);
});

test("cells are moved together, below another or to the top", () => {
  const moved = new Set(["b", "d"]);
  expect(ids(edits.moveBelow(moved, "e")(of("a", "b", "c", "d", "e")))).toBe("acebd");
  expect(ids(edits.moveBelow(moved, null)(of("a", "b", "c", "d")))).toBe("bdac");
});

test("a cell that is split loses only the line break at the cut", () => {
  const one = { ...of(), cells: [cell("a", "x = 1\ny = 2")] };
  const both = edits.split("a", 6, "b")(one);
  expect(both.cells.map((each) => each.source)).toEqual(["x = 1", "y = 2"]);
  expect(ids(both)).toBe("ab");
});

test("cells that are merged keep all texts and attachments", () => {
  const attachments = { "a.png": { "image/png": "AA" } };
  const second = { ...cell("b", "two", "markdown"), rest: { attachments } };
  const merged = edits.merge(new Set(["a", "b"]))({
    ...of(),
    cells: [cell("a", "one"), second, cell("c")],
  });
  expect(merged.cells).toMatchObject([
    { id: "a", source: "one\n\ntwo", rest: { attachments } },
    { id: "c" },
  ]);
});

test("provenance is noted key by key, beside what is there", () => {
  const noted = edits.inOrder(
    edits.noteProvenance("a", { author: "model", sha256: "1" }),
    edits.noteProvenance("a", { run_by: "model" }),
  )({ ...of(), cells: [{ ...cell("a"), metadata: { tags: ["t"] } }] });
  const beaker = { author: "model", sha256: "1", run_by: "model" };
  expect(noted.cells[0]?.metadata).toEqual({ tags: ["t"], beaker });
});

test("a change to a cell that is gone changes nothing", () => {
  const document = of("a");
  expect(edits.change("x", { source: "new" })(document)).toBe(document);
});

test("a rule is laid down beside what the notebook keeps, and taken back", () => {
  const kept = { kernelspec: {}, beaker: { conversation: {} } };
  const strict = edits.toggleRule("policy", "ask")({ ...of("a"), metadata: kept });
  expect(strict.metadata).toEqual({ ...kept, beaker: { conversation: {}, policy: "ask" } });
  expect(edits.toggleRule("policy", "ask")(strict).metadata).toEqual(kept);
});

test("a rule that says something else is replaced", () => {
  const metadata = { beaker: { policy: "auto" } };
  const strict = edits.toggleRule("policy", "ask")({ ...of("a"), metadata });
  expect(strict.metadata).toEqual({ beaker: { policy: "ask" } });
});
