/** What the middle column shows: the open notebook, or what there is instead. */

import { useStore } from "@nanostores/react";
import type { Server } from "~/kernel";
import type { Desk } from "./desk";
import { EmptyDesk } from "./EmptyDesk";
import { NotebookColumn, type NotebookColumnProps } from "./NotebookColumn";
import styles from "./NotebookRoom.module.css";

export interface NotebookRoomProps extends Omit<NotebookColumnProps, "notebook"> {
  readonly desk: Desk;
  readonly server: Server;
  readonly onOpen: (path: string) => void;
}

export function NotebookRoom({ desk, server, onOpen, ...column }: NotebookRoomProps) {
  const now = useStore(desk.now);
  switch (now.kind) {
    case "nothing":
      return <EmptyDesk server={server} onOpen={onOpen} />;
    case "opening":
      return <p className={styles.opening}>opening {now.path} …</p>;
    case "failed":
      return (
        <div className={styles.failed} role="alert">
          <p>
            {now.path} can't be opened: {now.reason}
          </p>
          <button type="button" onClick={() => void desk.open(now.path)}>
            try again
          </button>
        </div>
      );
    case "open":
      return <NotebookColumn key={now.path} notebook={now.notebook} {...column} />;
  }
}
