import { expect, test } from "vitest";
import { visible } from "./visible";

const shown = (code: string) =>
  visible(code)
    .map(({ text }) => text)
    .join("");

test("code without hidden characters is one stretch, line breaks and tabs included", () => {
  expect(visible("if x:\n\ty = 'é☃'")).toEqual([{ text: "if x:\n\ty = 'é☃'", hidden: false }]);
});

test.each([
  ["\u202e", "⟨U+202E⟩"],
  ["\u200b", "⟨U+200B⟩"],
  ["\u0007", "⟨U+0007⟩"],
  ["\r", "⟨U+000D⟩"],
  ["\u2028", "⟨U+2028⟩"],
  ["\u{e0041}", "⟨U+E0041⟩"],
  ["\ud800", "⟨U+D800⟩"],
])("a hidden character is written out", (character, name) => {
  expect(shown(`a${character}b`)).toBe(`a${name}b`);
});

test("hidden characters are stretches of their own, so that they can be marked", () => {
  expect(visible("a\u200bb").map(({ hidden }) => hidden)).toEqual([false, true, false]);
});
