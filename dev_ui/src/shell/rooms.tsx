/** What stands in the page's columns: each room gets what it needs, and knows no other. */

import { useStore } from "@nanostores/react";
import { atom } from "nanostores";
import { useMemo } from "react";
import { Conversation, ModelPart } from "~/conversation";
import type { Beaker, LiveKernel, Server } from "~/kernel";
import { FilesList, NotebookRoom as Notebook, type Notebook as OpenNotebook } from "~/notebook";
import { approvalsOf, fix, insert, leaveDrawer, offerNotebook } from "./between";
import { openDialog } from "./dialogs";
import { narrow } from "./layout";
import styles from "./rooms.module.css";
import { desk, moved, openNotebook } from "./workspace";

export interface RoomProps {
  readonly server: Server;
  /** Null while it is being started. */
  readonly kernel: LiveKernel | null;
  /** The open notebook; empty where none is. */
  readonly path: string;
}

const NOBODY = atom<Beaker | null>(null);
const open = (path: string): void => void openNotebook(path);
const follow = (from: string, to: string | null): void => void moved(from, to);
const help = (): void => openDialog("help");

/** The list of files. */
export function FilesRoom({ server, path }: RoomProps) {
  return <FilesList server={server} open={path} onOpen={open} onMoved={follow} />;
}

/** The open notebook. */
export function NotebookRoom({ server, kernel }: RoomProps) {
  const beaker = useStore(kernel?.beaker ?? NOBODY);
  const approvals = useMemo(
    () => (kernel && beaker ? approvalsOf(kernel, beaker) : undefined),
    [kernel, beaker],
  );
  return (
    <Notebook
      desk={desk}
      server={server}
      kernel={kernel}
      fix={beaker ? fix : undefined}
      approvals={approvals}
      onOpen={open}
      onMoved={follow}
      help={help}
      offer={offerNotebook}
    />
  );
}

/** The notebook's name in the header, with a dot while it isn't saved. */
export function NotebookTitle({ path }: RoomProps) {
  const now = useStore(desk.now);
  return (
    <>
      {path}
      {now.kind === "open" && <Unsaved notebook={now.notebook} />}
    </>
  );
}

function Unsaved({ notebook }: { notebook: OpenNotebook }) {
  const { kind } = useStore(notebook.saving.state);
  return kind !== "saved" && <span className={styles.unsaved} title="not saved yet" />;
}

/** The conversation about it. */
export function ConversationRoom({ kernel }: RoomProps) {
  const now = useStore(desk.now);
  const leave = useStore(narrow) ? leaveDrawer : undefined;
  const into = now.kind === "open" ? insert : undefined;
  return <Conversation kernel={kernel} insert={into} leave={leave} />;
}

/** The model and its policy in the header. */
export function ModelState({ kernel }: RoomProps) {
  return kernel && <ModelPart kernel={kernel} />;
}
