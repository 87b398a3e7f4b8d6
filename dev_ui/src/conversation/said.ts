/** What was said in a conversation, of all that the model was and is told. */

import { withoutMarks } from "./marks";

export interface Said {
  readonly by: "person" | "model";
  readonly text: string;
}

const QUESTION = "# Question\n";

/** Leave out tools, and what the session told with a question. */
export function saidIn(messages: readonly Record<string, unknown>[]): Said[] {
  return messages.flatMap(({ role, content }): Said[] => {
    if (typeof content !== "string" || !content) return [];
    if (role === "assistant") return [{ by: "model", text: content }];
    return role === "user" ? [{ by: "person", text: withoutMarks(asked(content)) }] : [];
  });
}

function asked(told: string): string {
  const at = told.lastIndexOf(QUESTION);
  return at < 0 ? told : told.slice(at + QUESTION.length);
}
