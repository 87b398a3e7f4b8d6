/** What the keys do in a notebook: JupyterLab's, in one table that palette and help read, too. */

import {
  type Clipboard,
  copySelected,
  edit,
  insertCell,
  mergeSelected,
  moveSelected,
  paste,
  removeSelected,
  runSelected,
  setHeading,
  setType,
  splitAtCursor,
  step,
  toggleOutputs,
} from "./actions";
import { toggleRule } from "./document";
import type { Notebook } from "./notebook";
import type { NotebookView } from "./view";

/** Where a notebook's keys act. */
export interface NotebookKeys {
  readonly notebook: Notebook;
  readonly clipboard: Clipboard;
  readonly view: NotebookView;
  /** Shows all keys. */
  readonly help: () => void;
}

/** `mode`: in which of the two it has its keys; `both` where it has them in either. */
export interface NotebookCommand {
  readonly id: string;
  readonly title: string;
  readonly keys: readonly string[];
  readonly mode: "command" | "edit" | "both";
  readonly run: (at: NotebookKeys) => void;
}

/** A command of the notebook that is open. */
export interface BoundCommand extends Pick<NotebookCommand, "id" | "title" | "keys"> {
  readonly run: () => void;
}

type Run = NotebookCommand["run"];

function command(id: string, title: string, keys: string, run: Run): NotebookCommand {
  return { id, title, keys: keys.split(", "), mode: "command", run };
}

function both(id: string, title: string, keys: string, run: Run): NotebookCommand {
  return { id, title, keys: keys.split(", "), mode: "both", run };
}

const running: NotebookCommand[] = [
  both("run-advance", "run, and go to the next cell", "Shift-Enter", ({ notebook }) =>
    runSelected(notebook, "advance"),
  ),
  both("run", "run, and stay", "Ctrl-Enter, Meta-Enter", ({ notebook }) =>
    runSelected(notebook, "stay"),
  ),
  both("run-insert", "run, and insert a cell below", "Alt-Enter", ({ notebook }) =>
    runSelected(notebook, "insert"),
  ),
  command("interrupt", "interrupt the kernel", "i i", ({ notebook }) => void notebook.interrupt()),
  command("restart", "restart the kernel", "0 0", ({ notebook }) => void notebook.restart()),
];

const moving: NotebookCommand[] = [
  command("edit", "edit the cell", "Enter", ({ notebook }) =>
    edit(notebook, notebook.selection.now.get().active),
  ),
  {
    id: "leave-edit",
    title: "leave the editor",
    keys: ["Escape", "Ctrl-m"],
    mode: "edit",
    run: ({ notebook }) => notebook.selection.setMode("command"),
  },
  command("up", "go to the cell above", "ArrowUp, k", ({ notebook }) => step(notebook, -1)),
  command("down", "go to the cell below", "ArrowDown, j", ({ notebook }) => step(notebook, 1)),
  command("extend-up", "select the cell above, too", "Shift-ArrowUp, Shift-k", ({ notebook }) =>
    step(notebook, -1, true),
  ),
  command("extend-down", "select the cell below, too", "Shift-ArrowDown, Shift-j", ({ notebook }) =>
    step(notebook, 1, true),
  ),
  command("move-up", "move the cell up", "Ctrl-Shift-ArrowUp", ({ notebook }) =>
    moveSelected(notebook, -1),
  ),
  command("move-down", "move the cell down", "Ctrl-Shift-ArrowDown", ({ notebook }) =>
    moveSelected(notebook, 1),
  ),
];

const changing: NotebookCommand[] = [
  command(
    "insert-above",
    "insert a cell above",
    "a",
    ({ notebook }) => void insertCell(notebook, 0),
  ),
  command(
    "insert-below",
    "insert a cell below",
    "b",
    ({ notebook }) => void insertCell(notebook, 1),
  ),
  command("delete", "delete the cell", "d d", ({ notebook }) => removeSelected(notebook)),
  command("cut", "cut the cell", "x", ({ notebook, clipboard }) => {
    copySelected(notebook, clipboard);
    removeSelected(notebook);
  }),
  command("copy", "copy the cell", "c", ({ notebook, clipboard }) =>
    copySelected(notebook, clipboard),
  ),
  command("paste", "paste below", "v", ({ notebook, clipboard }) => paste(notebook, clipboard)),
  command("undo", "undo", "z", ({ notebook }) => notebook.undo()),
  command("redo", "redo", "Shift-z", ({ notebook }) => notebook.redo()),
  command("merge", "merge with the cell below", "Shift-m", ({ notebook }) =>
    mergeSelected(notebook),
  ),
  {
    id: "split",
    title: "split the cell at the cursor",
    keys: ["Ctrl-Shift-Minus"],
    mode: "edit",
    run: ({ notebook }) => splitAtCursor(notebook),
  },
  command("to-code", "make it code", "y", ({ notebook }) => setType(notebook, "code")),
  command("to-markdown", "make it text", "m", ({ notebook }) => setType(notebook, "markdown")),
  command("to-raw", "make it raw", "r", ({ notebook }) => setType(notebook, "raw")),
  ...[1, 2, 3, 4, 5, 6].map((level) =>
    command(`heading-${level}`, `make it a heading of level ${level}`, `${level}`, ({ notebook }) =>
      setHeading(notebook, level),
    ),
  ),
];

const looking: NotebookCommand[] = [
  command("outputs", "hide or show the output", "o", ({ notebook }) => toggleOutputs(notebook)),
  command("line-numbers", "line numbers in the cell", "l", ({ notebook, view }) =>
    view.toggleNumbers(notebook.selection.now.get().active),
  ),
  command("all-line-numbers", "line numbers in all cells", "Shift-l", ({ view }) =>
    view.toggleAllNumbers(),
  ),
  command("help", "show the keys", "h", ({ help }) => help()),
  both("save", "save", "Ctrl-s, Meta-s", ({ notebook }) => void notebook.saving.save()),
];

/** Without keys of their own: they are in the palette. */
const others: NotebookCommand[] = [
  command("run-all", "run all cells", "", ({ notebook }) => notebook.runEvery()),
  command(
    "restart-run-all",
    "restart the kernel, and run all cells",
    "",
    ({ notebook }) => void notebook.restart().then(() => notebook.runEvery()),
  ),
  command("clear-outputs", "clear all outputs", "", ({ notebook }) => notebook.clearOutputs()),
  command(
    "local-only",
    "keep this notebook's data on this machine, or let them leave again",
    "",
    ({ notebook }) => notebook.editing.note(toggleRule("local_only", true)),
  ),
  command(
    "ask-first",
    "run the model's code in this notebook on your word only, or as elsewhere",
    "",
    ({ notebook }) => notebook.editing.note(toggleRule("policy", "ask")),
  ),
].map((each) => ({ ...each, keys: [] }));

export const notebookCommands: readonly NotebookCommand[] = [
  ...running,
  ...moving,
  ...changing,
  ...looking,
  ...others,
];
