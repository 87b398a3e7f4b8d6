/** What is asked when the person wants an error mended. */

import type { ExecutionResult, LiveKernel } from "~/kernel";
import { roomOf } from "./room";

/** Ask the kernel's model to mend a cell, where it has one. */
export function askToFix(kernel: LiveKernel, source: string, error: ExecutionResult): void {
  const beaker = kernel.beaker.get();
  if (beaker) roomOf(kernel, beaker).ask(fixQuestion(source, error));
}

/** Ask about a cell that failed; what it put out is told by the session itself. */
export function fixQuestion(source: string, error: ExecutionResult): string {
  const what = [error.ename, error.evalue].filter(Boolean).join(": ");
  return `This cell failed with ${what || "an error"}. Say why, and correct it.\n\n\`\`\`\n${source}\n\`\`\``;
}
