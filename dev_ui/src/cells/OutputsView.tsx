/** The place where a cell's outputs are shown; big ones are folded. */

import { useEffect, useRef, useState } from "react";
import type { Outputs } from "~/kernel";
import styles from "./OutputsView.module.css";

/** A figure of usual size is no big output. */
const FOLDED_ABOVE = 600;

export function OutputsView({ outputs, label }: { outputs: Outputs; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [big, setBig] = useState(false);
  const [open, setOpen] = useState(false);

  useEffect(() => {
    const { node } = outputs;
    place.current?.append(node);
    const observer = new ResizeObserver(() => setBig(node.offsetHeight > FOLDED_ABOVE));
    observer.observe(node);
    return () => {
      observer.disconnect();
      node.remove();
    };
  }, [outputs]);

  const folded = big && !open;
  return (
    <section className={styles.outputs} aria-label={label}>
      <div
        ref={place}
        className={folded ? styles.folded : styles.place}
        {...(folded ? { tabIndex: 0 } : {})}
      />
      {big && (
        <button type="button" className={styles.fold} onClick={() => setOpen(!open)}>
          {open ? "fold the output" : "show the whole output"}
        </button>
      )}
    </section>
  );
}
