/** The marks that tell the model what is data; `briefing.py` has the same. */

const BEGIN = "⟦session";
const END = "session⟧";
const MARKS = new RegExp(`^${BEGIN}\n|\n${END}$`, "gm");

/** Mark text as data, which gives no orders. */
export function marked(text: string): string {
  return `${BEGIN}\n${text.replaceAll("⟦", "[").replaceAll("⟧", "]")}\n${END}`;
}

/** Return text as a person reads it. */
export function withoutMarks(text: string): string {
  return text.replace(MARKS, "");
}
