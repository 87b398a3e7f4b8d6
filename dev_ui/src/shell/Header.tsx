import { useStore } from "@nanostores/react";
import { Command, MessageSquare, Moon, PanelLeft, Sun, SunMoon } from "lucide-react";
import { IconButton } from "~/style/IconButton";
import { toggleConversation } from "./between";
import { openDialog } from "./dialogs";
import styles from "./Header.module.css";
import { KernelState } from "./KernelState";
import { drawer, layout, narrow, toggle } from "./layout";
import { ModelState, NotebookTitle, type RoomProps } from "./rooms";
import { nextTheme, theme } from "./theme";

const THEME_ICONS = { system: SunMoon, light: Sun, dark: Moon };

/** What is open, what the kernel does, who answers. */
export function Header({ rooms }: { rooms: RoomProps | null }) {
  const { files } = useStore(layout);
  return (
    <header className={styles.header}>
      <IconButton icon={PanelLeft} title="files" pressed={files} onClick={() => toggle("files")} />
      {rooms?.path ? (
        <h1 className={styles.title}>
          <NotebookTitle {...rooms} />
        </h1>
      ) : (
        <div className={styles.title} />
      )}
      {rooms?.kernel && <KernelState kernel={rooms.kernel} key={rooms.kernel.id} />}
      <div className={styles.end}>
        {rooms && <ModelState {...rooms} />}
        <ThemeButton />
        <IconButton icon={Command} title="commands" onClick={() => openDialog("palette")} />
        <ConversationButton />
      </div>
    </header>
  );
}

function ThemeButton() {
  const now = useStore(theme);
  return <IconButton icon={THEME_ICONS[now]} title={`theme: ${now}`} onClick={nextTheme} />;
}

function ConversationButton() {
  const { conversation } = useStore(layout);
  const open = useStore(drawer);
  const pressed = useStore(narrow) ? open : conversation;
  return (
    <IconButton
      icon={MessageSquare}
      title="conversation"
      pressed={pressed}
      onClick={toggleConversation}
    />
  );
}
