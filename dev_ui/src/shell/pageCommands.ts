/** The commands of the page itself. */

import type { Command } from "./commands";
import { openDialog } from "./dialogs";
import { toggle } from "./layout";
import { nextTheme } from "./theme";
import { close, workspace } from "./workspace";

export const pageCommands: readonly Command[] = [
  {
    id: "palette",
    title: "find a command",
    group: "page",
    keys: ["Mod+K"],
    run: () => openDialog("palette"),
  },
  {
    id: "help",
    title: "show the keys",
    group: "page",
    keys: ["Mod+/"],
    run: () => openDialog("help"),
  },
  {
    id: "files",
    title: "show or hide the files",
    group: "page",
    keys: ["Mod+B"],
    run: () => toggle("files"),
  },
  { id: "theme", title: "change between light and dark", group: "page", run: nextTheme },
  {
    id: "connect",
    title: "connect to another server",
    group: "page",
    run: () => openDialog("connect"),
  },
  {
    id: "kernel",
    title: "change the kernel",
    group: "notebook",
    run: () => openDialog("kernel"),
    when: () => workspace.get().kernel !== null,
  },
  {
    id: "close",
    title: "close the notebook",
    group: "page",
    run: close,
    when: () => workspace.get().path !== "",
  },
];
