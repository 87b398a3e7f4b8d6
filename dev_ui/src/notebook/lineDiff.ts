/** How one text differs from another, line by line. */

export interface DiffLine {
  readonly sign: "-" | "+" | " ";
  readonly text: string;
}

/** Above this many pairs of lines, what differs is told as one block. */
const MOST_PAIRS = 1_000_000;

export function lineDiff(before: string, after: string): DiffLine[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  if (old.length * now.length > MOST_PAIRS) return [...all("-", old), ...all("+", now)];
  const kept = keptLines(old, now);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  for (const [a, b] of [...kept, [old.length, now.length] as const]) {
    lines.push(...all("-", old.slice(i, a)), ...all("+", now.slice(j, b)));
    lines.push(...all(" ", old.slice(a, a + 1)));
    [i, j] = [a + 1, b + 1];
  }
  return lines;
}

function all(sign: DiffLine["sign"], lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ sign, text }));
}

/** The pairs of places of a longest common subsequence. */
function keptLines(old: readonly string[], now: readonly string[]): (readonly [number, number])[] {
  const width = now.length + 1;
  const length = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number) => length[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const same = old[i] === now[j];
      length[i * width + j] = same ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < old.length && j < now.length; ) {
    if (old[i] === now[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}
