import { expect, test } from "vitest";
import { type Command, commands, matching, offer, possible } from "./commands";
import { chordOf, signs } from "./keys";

const none = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

function command(title: string, more: Partial<Command> = {}): Command {
  return { id: title, title, group: "page", run: () => {}, ...more };
}

test("the same chord is Ctrl here and the command key on a Mac", () => {
  expect(chordOf({ ...none, key: "k", ctrlKey: true }, false)).toBe("Mod+K");
  expect(chordOf({ ...none, key: "k", metaKey: true }, true)).toBe("Mod+K");
  expect(chordOf({ ...none, key: "k", ctrlKey: true }, true)).toBe("K");
});

test("keys are shown as they stand on the keyboard", () => {
  expect(signs("Mod+Shift+Enter", false)).toEqual(["Ctrl", "Shift", "⏎"]);
  expect(signs("Mod+Shift+Enter", true)).toEqual(["⌘", "⇧", "⏎"]);
});

test("a command is found by words in any order, the one that begins so first", () => {
  const table = [command("run and restart"), command("restart the kernel")];
  expect(matching(table, "kernel rest").map(({ title }) => title)).toEqual(["restart the kernel"]);
  expect(matching(table, "restart")[0]?.title).toBe("restart the kernel");
});

test("a command that can't be done now is not offered", () => {
  const table = [command("a", { when: () => false }), command("b")];
  expect(possible(table).map(({ id }) => id)).toEqual(["b"]);
});

test("commands leave the table with what offered them", () => {
  const dispose = offer([command("a")]);
  expect(commands.get()).toHaveLength(1);
  dispose();
  expect(commands.get()).toHaveLength(0);
});
