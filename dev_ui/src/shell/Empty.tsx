import type { ReactNode } from "react";
import styles from "./Empty.module.css";

/** A room with nothing in it yet: what belongs there, and how to get it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <h1 className={styles.title}>{title}</h1>
      {children}
    </div>
  );
}
