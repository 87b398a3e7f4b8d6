/** Where the person answers what running code asks: Enter sends, Escape interrupts. */

import { type FormEvent, useEffect, useRef } from "react";
import type { InputRequest } from "~/kernel/types";
import styles from "./InputField.module.css";

export interface InputFieldProps {
  readonly asked: InputRequest;
  readonly answer: (value: string) => void;
  /** Interrupts what asks. */
  readonly stop: () => void;
}

export function InputField({ asked, answer, stop }: InputFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => takeFocus(field.current), []);
  const send = (event: FormEvent) => {
    event.preventDefault();
    answer(field.current?.value ?? "");
  };
  return (
    <form className={styles.form} onSubmit={send}>
      <label className={styles.asked}>
        <span className={styles.prompt}>{asked.prompt || "the code waits for a line"}</span>
        <input
          ref={field}
          className={styles.field}
          type={asked.password ? "password" : "text"}
          autoComplete="off"
          spellCheck={false}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.preventDefault();
            stop();
          }}
        />
      </label>
      <span className={styles.keys} aria-hidden>
        <kbd>⏎</kbd> send <kbd>esc</kbd> interrupt
      </span>
    </form>
  );
}

/** Be ready to be written to, unless the person writes elsewhere; afterwards go back. */
function takeFocus(field: HTMLInputElement | null): (() => void) | undefined {
  const before = document.activeElement;
  if (!field || writesElsewhere(before, field)) return undefined;
  field.focus();
  return () => before instanceof HTMLElement && before.focus({ preventScroll: true });
}

function writesElsewhere(active: Element | null, field: HTMLElement): boolean {
  const writing = active?.closest<HTMLElement>("input, textarea, [contenteditable]");
  if (!writing || field.closest("article")?.contains(writing)) return false;
  return ("value" in writing ? writing.value : writing.textContent) !== "";
}
