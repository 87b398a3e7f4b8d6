import { useStore } from "@nanostores/react";
import { type CSSProperties, useEffect } from "react";
import styles from "./App.module.css";
import { conversationCommands } from "./between";
import { ConnectDialog } from "./ConnectDialog";
import { listen, offer } from "./commands";
import { dialog, openDialog } from "./dialogs";
import { refuseDrops } from "./drops";
import { Empty } from "./Empty";
import { Header } from "./Header";
import { Help } from "./Help";
import { KernelDialog } from "./KernelDialog";
import { drawer, layout, room } from "./layout";
import { Notices } from "./Notices";
import { Palette } from "./Palette";
import { pageCommands } from "./pageCommands";
import { ConversationRoom, FilesRoom, NotebookRoom, type RoomProps } from "./rooms";
import { Separator } from "./Separator";
import { Tabs } from "./Tabs";
import { workspace } from "./workspace";

const DIALOGS = { connect: ConnectDialog, help: Help, kernel: KernelDialog, palette: Palette };

/** The page: three columns below a header. */
export function App() {
  const { server, kernel, path } = useStore(workspace);
  const name = useStore(dialog);
  const Shown = name && DIALOGS[name];
  useEffect(() => offer([...pageCommands, ...conversationCommands]), []);
  useEffect(() => listen(window), []);
  useEffect(() => refuseDrops(window), []);
  return (
    <>
      <Columns rooms={server && { server, kernel, path }} />
      {Shown && <Shown />}
      <Notices />
    </>
  );
}

function Columns({ rooms }: { rooms: RoomProps | null }) {
  const { files, conversation, filesWidth, conversationWidth } = useStore(layout);
  const widths = { "--files": `${filesWidth}px`, "--conversation": `${conversationWidth}px` };
  return (
    <div
      className={styles.app}
      style={widths as CSSProperties}
      data-files={files}
      data-conversation={conversation}
      data-drawer={useStore(drawer)}
      data-room={useStore(room)}
    >
      <Header rooms={rooms} />
      <nav className={styles.files} aria-label="files">
        {rooms && <FilesRoom {...rooms} />}
      </nav>
      <section className={styles.filesEdge} aria-label="edge of the files">
        {files && <Separator side="files" />}
      </section>
      <main className={styles.notebook}>{rooms ? <NotebookRoom {...rooms} /> : <Nowhere />}</main>
      <section className={styles.conversationEdge} aria-label="edge of the conversation">
        {conversation && <Separator side="conversation" />}
      </section>
      <aside className={styles.conversation} aria-label="conversation">
        {rooms && <ConversationRoom {...rooms} />}
      </aside>
      <Tabs />
    </div>
  );
}

function Nowhere() {
  return (
    <Empty title="no server yet">
      <p>The page works on any Jupyter Server: yours, your lab's, or one that you start now.</p>
      <button type="button" className={styles.connect} onClick={() => openDialog("connect")}>
        connect to a server
      </button>
    </Empty>
  );
}
