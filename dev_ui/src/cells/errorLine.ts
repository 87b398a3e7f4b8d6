/** Where in its cell an error arose, read from the traceback. */

import type { ExecutionResult } from "~/kernel/types";
import { plainText } from "./ansi";

const IN_CELL = /Cell In\[(\d+)\], line (\d+)/g;

/** The line, counted from 1, in the cell that `result` tells of. */
export function errorLine(result: ExecutionResult): number | null {
  if (result.status !== "error") return null;
  const text = plainText((result.traceback ?? []).join("\n"));
  const own = [...text.matchAll(IN_CELL)].filter(
    ([, count]) => result.executionCount === null || Number(count) === result.executionCount,
  );
  const line = own.at(-1)?.[2];
  return line === undefined ? null : Number(line);
}
