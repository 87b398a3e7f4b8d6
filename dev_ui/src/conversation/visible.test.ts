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

test.each([
  0xa0, 0xad, 0x34f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180f, 0x2065, 0x2800, 0x3000, 0x3164,
  0xfe00, 0xfe0f, 0xffa0, 0xfff0, 0xfff8, 0x1bca0, 0x1d173, 0xe0000, 0xe0100, 0xe01ef, 0xe0fff,
])("a character that draws nothing is written out", (number) => {
  const name = number.toString(16).toUpperCase().padStart(4, "0");
  expect(shown(`a${String.fromCodePoint(number)} b`)).toBe(`a⟨U+${name}⟩ b`);
});

test("hidden characters are stretches of their own, so that they can be marked", () => {
  expect(visible("a\u200bb").map(({ hidden }) => hidden)).toEqual([false, true, false]);
});
