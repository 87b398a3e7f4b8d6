/** What is asked when the person wants an error mended. */

import type { ExecutionResult } from "~/kernel";

/** Ask about a cell that failed; what it put out is told by the session itself. */
export function fixQuestion(source: string, error: ExecutionResult): string {
  const what = [error.ename, error.evalue].filter(Boolean).join(": ");
  return `This cell failed with ${what || "an error"}. Say why, and correct it.\n\n\`\`\`\n${source}\n\`\`\``;
}
