/** How one piece of code became another, line by line. */

export interface Line {
  readonly kind: "same" | "old" | "new";
  readonly text: string;
}

/** Lines above which no difference is looked for: it would cost the square of them. */
const MOST = 400;

export function difference(before: string, after: string): Line[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  if (old.length > MOST || now.length > MOST) {
    return [...old.map(line("old")), ...now.map(line("new"))];
  }
  return walked(old, now, commonLengths(old, now));
}

/** Whether so much of one is in the other that it is rather a change than another piece. */
export function isChangeOf(before: string, after: string): boolean {
  if (before === after) return false;
  const lines = difference(before, after);
  const same = lines.filter(({ kind, text }) => kind === "same" && text.trim()).length;
  return same * 2 >= Math.max(before.split("\n").length, after.split("\n").length);
}

/** `lengths[i][j]`: how many lines the rests from i and j have in common, in order. */
function commonLengths(old: readonly string[], now: readonly string[]): number[][] {
  const lengths = Array.from({ length: old.length + 1 }, () => Array(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      at(lengths, i)[j] =
        old[i] === now[j] ? length(lengths, i + 1, j + 1) + 1 : longer(lengths, i, j);
  return lengths;
}

function walked(old: readonly string[], now: readonly string[], lengths: number[][]): Line[] {
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  for (let text = now[j]; i < old.length || text !== undefined; text = now[j]) {
    const before = old[i];
    if (before !== undefined && before === text) {
      lines.push({ kind: "same", text });
      i += 1;
      j += 1;
    } else if (before !== undefined && isOldNext(lengths, i, j)) {
      lines.push({ kind: "old", text: before });
      i += 1;
    } else {
      lines.push({ kind: "new", text: text ?? "" });
      j += 1;
    }
  }
  return lines;
}

/** Old lines go first where both ways are as good, and where no new ones are left. */
function isOldNext(lengths: number[][], i: number, j: number): boolean {
  return length(lengths, i + 1, j) >= length(lengths, i, j + 1);
}

function longer(lengths: number[][], i: number, j: number): number {
  return Math.max(length(lengths, i + 1, j), length(lengths, i, j + 1));
}

function length(lengths: readonly number[][], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0;
}

function at(lengths: number[][], i: number): number[] {
  return lengths[i] ?? [];
}

function line(kind: Line["kind"]) {
  return (text: string): Line => ({ kind, text });
}
