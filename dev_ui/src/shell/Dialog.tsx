import { type ReactNode, useEffect, useRef } from "react";
import styles from "./Dialog.module.css";

export interface DialogProps {
  title: string;
  /** It was closed, by Escape or a click beside it. */
  onClose(): void;
  children: ReactNode;
  /** Whether the title is for screen readers alone. */
  bare?: boolean;
}

/** A modal dialog: the browser keeps the focus inside, and gives it back. */
export function Dialog({ title, onClose, children, bare = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does it, by the browser itself
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div className={styles.inside}>
        {bare || <h2 className={styles.title}>{title}</h2>}
        {children}
      </div>
    </dialog>
  );
}
