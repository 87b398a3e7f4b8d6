import { useStore } from "@nanostores/react";
import { type Room, room, show } from "./layout";
import styles from "./Tabs.module.css";

const ROOMS: readonly Room[] = ["files", "notebook", "conversation"];

/** The rooms of a window that has room for one. */
export function Tabs() {
  const now = useStore(room);
  return (
    <nav className={styles.tabs} aria-label="rooms">
      {ROOMS.map((name) => (
        <button
          key={name}
          type="button"
          className={styles.tab}
          aria-current={name === now}
          onClick={() => show(name)}
        >
          {name}
        </button>
      ))}
    </nav>
  );
}
