import { expect, test } from "vitest";
import { notebookCommands } from "./commands";
import { KeyReader, keyName, type Press } from "./keys";

function press(key: string, timeStamp = 0, more: Partial<Press> = {}): Press {
  return {
    key,
    code: "",
    timeStamp,
    ctrlKey: false,
    shiftKey: false,
    altKey: false,
    metaKey: false,
    ...more,
  };
}

const read = (reader: KeyReader, ...presses: Press[]) =>
  presses.map((each) => reader.read(each, "command")?.id);

test("a key is named with what is held down", () => {
  expect(keyName(press("_", 0, { code: "Minus", ctrlKey: true, shiftKey: true }))).toBe(
    "Ctrl-Shift-Minus",
  );
  expect(keyName(press("M", 0, { shiftKey: true }))).toBe("Shift-m");
});

test("a key that is pressed twice, and soon, deletes; once it does nothing", () => {
  const reader = new KeyReader(notebookCommands);
  expect(read(reader, press("d"), press("d", 400))).toEqual([undefined, "delete"]);
  expect(read(reader, press("d", 5_000), press("d", 9_000), press("a", 9_100))).toEqual([
    undefined,
    undefined,
    "insert-above",
  ]);
});

test("letters are text while a cell is edited", () => {
  const reader = new KeyReader(notebookCommands);
  expect(reader.read(press("a"), "edit")).toBeUndefined();
  expect(reader.read(press("Enter", 0, { shiftKey: true }), "edit")?.id).toBe("run-advance");
});

test("no two commands have the same key in the same mode", () => {
  const taken = notebookCommands.flatMap(({ keys, mode }) =>
    (mode === "both" ? ["command", "edit"] : [mode]).flatMap((each) =>
      keys.map((key) => `${each} ${key}`),
    ),
  );
  expect(taken.filter((key, at) => taken.indexOf(key) !== at)).toEqual([]);
  expect(new Set(notebookCommands.map(({ id }) => id)).size).toBe(notebookCommands.length);
});
