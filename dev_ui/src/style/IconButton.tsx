import type { LucideIcon } from "lucide-react";
import styles from "./IconButton.module.css";

export interface IconButtonProps {
  icon: LucideIcon;
  /** What it does: its name for a screen reader, and its tooltip. */
  title: string;
  onClick(): void;
  /** Whether what it switches is on. */
  pressed?: boolean;
  disabled?: boolean;
}

/** A button that is an icon. */
export function IconButton({ icon: Icon, title, onClick, pressed, disabled }: IconButtonProps) {
  return (
    <button
      type="button"
      className={styles.button}
      aria-label={title}
      title={title}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon size={16} strokeWidth={1.75} aria-hidden />
    </button>
  );
}
