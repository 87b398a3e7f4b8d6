import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { insert, keepConversation, newCell, remove } from "./document";
import { Editing } from "./editing";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function opened(...sources: string[]): Editing {
  const cells = sources.map((source, at) => ({ ...newCell("code", source), id: `${at}` }));
  return new Editing({ cells, metadata: {}, rest: {} });
}

const sources = (editing: Editing) => editing.document.get().cells.map((cell) => cell.source);

test("a removed cell comes back as it was", () => {
  const editing = opened("a", "b");
  const before = editing.document.get();
  editing.apply(remove(new Set(["0"])));
  editing.undo();
  expect(editing.document.get()).toBe(before);
  editing.redo();
  expect(sources(editing)).toEqual(["b"]);
});

test("what is typed without a pause is undone at once, what comes after one by itself", () => {
  const editing = opened("");
  const text = editing.text("0");
  for (const typed of ["p", "pr", "pri"]) text.set(typed);
  vi.advanceTimersByTime(2000);
  text.set("print");
  editing.undo();
  expect(sources(editing)).toEqual(["pri"]);
  editing.undo();
  expect(sources(editing)).toEqual([""]);
});

test("text and structure are undone in the order in which they were changed", () => {
  const editing = opened("a");
  editing.text("0").set("ab");
  editing.apply(insert(1, newCell("code", "new")));
  editing.text("0").set("abc");
  editing.undo();
  expect(sources(editing)).toEqual(["ab", "new"]);
  editing.undo();
  editing.undo();
  expect(sources(editing)).toEqual(["a"]);
  editing.undo();
  expect(sources(editing)).toEqual(["a"]);
});

test("a new edit ends what could be done again", () => {
  const editing = opened("a");
  editing.text("0").set("b");
  editing.undo();
  editing.text("0").set("c");
  editing.redo();
  expect(sources(editing)).toEqual(["c"]);
});

test("only the listeners of a changed text hear of it", () => {
  const editing = opened("a", "b");
  const heard: string[] = [];
  const dispose = editing.text("0").listen((text) => heard.push(`0 ${text}`));
  editing.text("1").listen((text) => heard.push(`1 ${text}`));
  editing.text("0").set("x");
  dispose();
  editing.text("0").set("y");
  editing.text("1").set("z");
  expect(heard).toEqual(["0 x", "1 z"]);
});

test("what is noted about the notebook is no step, and stays through undo and redo", () => {
  const editing = opened("a", "b");
  editing.apply(remove(new Set(["0"])));
  editing.note(keepConversation({ conversation: "c1" }));
  editing.note(keepConversation({ conversation: "c2" }));
  editing.undo();
  expect(sources(editing)).toEqual(["a", "b"]);
  editing.redo();
  expect(sources(editing)).toEqual(["b"]);
  const kept = { beaker: { conversation: { conversation: "c2" } } };
  expect(editing.document.get().metadata).toEqual(kept);
});
