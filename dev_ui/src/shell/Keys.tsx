import styles from "./Keys.module.css";
import { signs } from "./keys";

/** A chord, key by key. */
export function Keys({ chord }: { chord: string }) {
  return (
    <kbd className={styles.keys}>
      {signs(chord).map((sign, at) => (
        <span key={at} className={styles.key}>
          {sign}
        </span>
      ))}
    </kbd>
  );
}
