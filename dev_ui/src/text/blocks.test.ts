import type { Tokens } from "marked";
import { expect, test } from "vitest";
import { type Blocks, codeSoFar, grow, isClosed, NO_BLOCKS } from "./blocks";

const ANSWER = `# Cities

Lyon, *by the median*:

- Paris
- Lyon

\`\`\`python
df.groupby("city")

df.plot()
\`\`\`

| city | price |
|---|---|
| Lyon | 3 |

So $x^2$ it is.

$$
\\frac{1}{2}
$$
`;

function streamed(text: string, size: number): Blocks {
  let blocks = NO_BLOCKS;
  for (let end = size; end < text.length; end += size) blocks = grow(blocks, text.slice(0, end));
  return grow(blocks, text);
}

function kinds({ done, open }: Blocks): string[] {
  return [...done, ...open].map((token) => token.type);
}

test.each([1, 2, 3, 7, 50])(
  "an answer in pieces of %i characters has the blocks of the whole",
  (size) => {
    const whole = grow(NO_BLOCKS, ANSWER);
    const pieces = streamed(ANSWER, size);
    const raw = ({ done, open }: Blocks) => [...done, ...open].map((token) => token.raw.trim());
    expect(raw(pieces)).toEqual(raw(whole));
    expect(kinds(pieces)).toEqual([
      "heading",
      "paragraph",
      "list",
      "code",
      "table",
      "paragraph",
      "displayedMath",
    ]);
  },
);

test("a finished block stays the same object, so that nothing renders it again", () => {
  const before = grow(NO_BLOCKS, `${ANSWER}\nOne.\n\nTwo.\n\n`);
  const after = grow(before, `${before.text}Three.\n\nFour.`);
  expect(after.done.slice(0, before.done.length)).toEqual(before.done);
  expect(after.done[0]).toBe(before.done[0]);
});

test("reading on costs what is new, not what was read", () => {
  const long = "A paragraph of some words.\n\n".repeat(2_000);
  const blocks = grow(NO_BLOCKS, long);
  expect(blocks.text.length - blocks.offset).toBeLessThan(100);
});

test("a text that is another is read anew", () => {
  expect(kinds(grow(grow(NO_BLOCKS, "# One"), "two"))).toEqual(["paragraph"]);
});

test("a fence is closed by its end alone", () => {
  const code = (text: string) => grow(NO_BLOCKS, text).open[0];
  const [open, closed] = [code("```python\nx = 1\n"), code("```python\nx = 1\n```")];
  expect(open && isClosed(open)).toBe(false);
  expect(closed && isClosed(closed)).toBe(true);
});

test("a fence within a longer one doesn't close it", () => {
  const [open] = grow(NO_BLOCKS, "````markdown\n```python\n```\n").open;
  expect(open && isClosed(open)).toBe(false);
});

test.each(["x = 1\n`", "x = 1\n``", "x = 1\n```", "x = 1\n", "x = 1"])(
  "of %j the code so far is its first line",
  (written) => {
    const [open] = grow(NO_BLOCKS, `\`\`\`python\n${written}`).open;
    expect(open && codeSoFar(open as Tokens.Code)).toBe("x = 1");
  },
);

test("a price is no formula", () => {
  const [paragraph] = grow(NO_BLOCKS, "It went from $3 to $5.").open;
  expect(paragraph?.type === "paragraph" && paragraph.tokens?.map((token) => token.type)).toEqual([
    "text",
  ]);
});
