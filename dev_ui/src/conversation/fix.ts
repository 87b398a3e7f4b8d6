/** What is asked when the person wants an error mended. */

import type { ExecutionResult } from "~/kernel";
import { marked } from "./marks";

/** Ask about a cell that failed; its code and its error are data, for others may have written it. */
export function fixQuestion(source: string, { ename, evalue }: ExecutionResult): string {
  const error = [ename, evalue].filter(Boolean).join(": ");
  const failed = [`\`\`\`\n${source}\n\`\`\``, error].filter(Boolean).join("\n\n");
  return `This cell failed. Say why, and correct it.\n\n${marked(failed)}`;
}
