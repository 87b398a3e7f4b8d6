/** Which command a key stands for; some are pressed twice. */

import type { NotebookCommand } from "./commands";
import type { Mode } from "./selection";

const TWICE_MS = 1_000;

/** What a keyboard event tells, of what is needed here. */
export type Press = Pick<
  KeyboardEvent,
  "key" | "code" | "ctrlKey" | "shiftKey" | "altKey" | "metaKey" | "timeStamp"
>;

/** A key as the table of commands writes it: "Ctrl-Shift-Minus", "Shift-m", "a". */
export function keyName(press: Press): string {
  const parts = [
    press.ctrlKey ? "Ctrl" : "",
    press.metaKey ? "Meta" : "",
    press.altKey ? "Alt" : "",
    press.shiftKey ? "Shift" : "",
    press.code === "Minus" ? "Minus" : press.key.length === 1 ? press.key.toLowerCase() : press.key,
  ];
  return parts.filter(Boolean).join("-");
}

/** Reads keys one after the other, and remembers the first of two. */
export class KeyReader {
  #first = "";
  #at = 0;

  constructor(private readonly commands: readonly NotebookCommand[]) {}

  read(press: Press, mode: Mode): NotebookCommand | undefined {
    const name = keyName(press);
    const goesOn = press.timeStamp - this.#at < TWICE_MS;
    const sequence = goesOn ? `${this.#first} ${name}` : name;
    const found = this.#find(sequence, mode) ?? this.#find(name, mode);
    this.#first = found ? "" : name;
    this.#at = press.timeStamp;
    return found;
  }

  #find(keys: string, mode: Mode): NotebookCommand | undefined {
    return this.commands.find(
      (command) =>
        (command.mode === mode || command.mode === "both") && command.keys.includes(keys),
    );
  }
}
