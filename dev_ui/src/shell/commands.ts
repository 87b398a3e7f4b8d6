/** The one table of commands and keys: the keyboard, the palette and the help read it. */

import { atom } from "nanostores";
import type { Dispose } from "~/kernel";
import { chordOf } from "./keys";

export type CommandGroup = "page" | "files" | "notebook" | "cell" | "conversation";

export interface Command {
  readonly id: string;
  /** What it does, in lower case: "restart the kernel". */
  readonly title: string;
  readonly group: CommandGroup;
  /** As in keys.ts: "Mod+K", "Shift+Enter"; "d d" is one after the other. */
  readonly keys?: readonly string[];
  /** The room listens for the keys itself; the table only shows them. */
  readonly local?: boolean;
  run(): void;
  /** Whether it can be done now. */
  when?(): boolean;
}

export const commands = atom<readonly Command[]>([]);

/** Add commands to the table. */
export function offer(added: readonly Command[]): Dispose {
  commands.set([...commands.get(), ...added]);
  return () => commands.set(commands.get().filter((command) => !added.includes(command)));
}

/** Return what can be done now. */
export function possible(table: readonly Command[]): Command[] {
  return table.filter((command) => command.when?.() ?? true);
}

/** Return the commands whose titles hold all words of a query, best first. */
export function matching(table: readonly Command[], query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = table.filter(({ title, group }) =>
    words.every((word) => `${group} ${title}`.toLowerCase().includes(word)),
  );
  const [first = ""] = words;
  return found.sort((a, b) => rank(a, first) - rank(b, first));
}

function rank(command: Command, word: string): number {
  const at = command.title.toLowerCase().indexOf(word);
  return at < 0 ? Number.MAX_SAFE_INTEGER : at;
}

/** Listen to the keyboard, wherever the focus is. */
export function listen(target: Window): Dispose {
  const press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented) return;
    const chord = chordOf(event);
    const command = possible(commands.get()).find(
      ({ keys, local }) => !local && keys?.includes(chord),
    );
    if (!command) return;
    event.preventDefault();
    command.run();
  };
  target.addEventListener("keydown", press);
  return () => target.removeEventListener("keydown", press);
}
