import { useStore } from "@nanostores/react";
import { X } from "lucide-react";
import { IconButton } from "~/style/IconButton";
import styles from "./Notices.module.css";
import { type Notice, notices, putAway } from "./notices";

/** What happened, at the lower edge, until it is put away. */
export function Notices() {
  return (
    <section className={styles.notices} aria-label="notices" aria-live="polite">
      {useStore(notices).map((notice) => (
        <Shown key={notice.id} notice={notice} />
      ))}
    </section>
  );
}

function Shown({ notice }: { notice: Notice }) {
  const { id, kind, text, action } = notice;

  function act(): void {
    putAway(id);
    action?.run();
  }

  return (
    <div className={styles.notice} data-kind={kind}>
      <span className={styles.text}>{text}</span>
      {action && (
        <button type="button" className={styles.action} onClick={act}>
          {action.title}
        </button>
      )}
      <IconButton icon={X} title="put away" onClick={() => putAway(id)} />
    </div>
  );
}
