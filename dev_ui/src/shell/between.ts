/** What one room asks of another; only the page knows both. */

import { askToFix, focusApproval, focusQuestion, roomOf } from "~/conversation";
import type { Beaker, Dispose, LiveKernel } from "~/kernel";
import { type Approvals, type BoundCommand, type Fix, focusCell, insertCell } from "~/notebook";
import { type Command, offer } from "./commands";
import { drawer, narrow, show, toggle } from "./layout";
import { desk, workspace } from "./workspace";

/** Ask the model about a cell that failed. */
export const fix: Fix = ({ source }, error) => {
  const { kernel } = workspace.get();
  if (!kernel) return;
  show("conversation");
  askToFix(kernel, source, error);
};

/** What a kernel's model would do to cells, and the cards in the conversation that decide it. */
export function approvalsOf(kernel: LiveKernel, beaker: Beaker): Approvals {
  const focus = (approval: string): void => {
    show("conversation");
    requestAnimationFrame(() => focusApproval(approval));
  };
  return { cells: roomOf(kernel, beaker).waiting, show: focus };
}

/** Put code of the conversation into the notebook, below the cell that is selected. */
export function insert(code: string): void {
  if (!desk.notebook) return;
  show("notebook");
  insertCell(desk.notebook, 1, "code", code);
}

/** Frames in which the drawer is drawn, on the slowest machine. */
const FRAMES = 120;

/** Show or hide the conversation; a drawer takes the keyboard with it, and gives it back. */
export function toggleConversation(): void {
  const wasOpen = isDrawerOpen();
  toggle("conversation");
  if (wasOpen) leaveDrawer();
  else if (isDrawerOpen()) requestAnimationFrame(() => takeKeyboard(FRAMES));
}

/** Put the cursor into the drawer once that is drawn, which may take some frames. */
function takeKeyboard(frames: number): void {
  if (!isDrawerOpen() || focusQuestion() || !frames) return;
  requestAnimationFrame(() => takeKeyboard(frames - 1));
}

export function leaveDrawer(): void {
  show("notebook");
  focusCell();
}

function isDrawerOpen(): boolean {
  return narrow.get() && drawer.get();
}

/** Take the open notebook's commands into the table; it listens to its keys itself. */
export function offerNotebook(bound: readonly BoundCommand[]): Dispose {
  return offer(
    bound.map(({ id, title, keys, run }): Command => {
      const chords = keys.filter((key) => !key.startsWith("Meta-")).map(asChord);
      return { id: `notebook-${id}`, title, group: "notebook", keys: chords, local: true, run };
    }),
  );
}

export const conversationCommands: readonly Command[] = [
  {
    id: "conversation",
    title: "show or hide the conversation",
    group: "page",
    keys: ["Mod+J"],
    run: toggleConversation,
  },
  {
    id: "ask",
    title: "go to the question",
    group: "conversation",
    keys: ["Mod+L"],
    run: () => {
      show("conversation");
      requestAnimationFrame(focusQuestion);
    },
    when: () => conversation() !== null,
  },
  {
    id: "stop",
    title: "stop the answer",
    group: "conversation",
    keys: ["Escape"],
    run: () => conversation()?.stop(),
    when: () => Boolean(conversation()?.running.get().length),
  },
  // Behind the one that stops: the key does what matters more.
  {
    id: "leave-conversation",
    title: "back to the notebook",
    group: "conversation",
    keys: ["Escape"],
    run: leaveDrawer,
    when: isDrawerOpen,
  },
];

function conversation() {
  const { kernel } = workspace.get();
  const beaker = kernel?.beaker.get();
  return kernel && beaker ? roomOf(kernel, beaker) : null;
}

/** Return a notebook's key as the table writes it: "Ctrl-Shift-m" is "Mod+Shift+M". */
function asChord(key: string): string {
  return key.split(" ").map(press).join(" ");
}

function press(key: string): string {
  const [last = "", ...held] = key.split("-").reverse();
  const mods = held.reverse().map((name) => (name === "Ctrl" ? "Mod" : name));
  return [...mods, last.length === 1 ? last.toUpperCase() : last].join("+");
}
