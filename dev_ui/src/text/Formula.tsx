/** A formula; KaTeX is fetched with the first one. */

import { useEffect, useRef } from "react";
import styles from "./Markdown.module.css";

export interface FormulaProps {
  readonly source: string;
  readonly displayed?: boolean;
}

export function Formula({ source, displayed = false }: FormulaProps) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    let wanted = true;
    const node = place.current;
    if (node) node.textContent = source;
    void import("./katex").then(({ typeset }) => {
      if (wanted && node) typeset(source, node, displayed);
    });
    return () => {
      wanted = false;
    };
  }, [source, displayed]);
  return <span ref={place} className={displayed ? styles.displayed : undefined} />;
}
