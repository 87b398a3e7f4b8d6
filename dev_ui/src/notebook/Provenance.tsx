/** One line above a cell that the model wrote: who let it, and whether it is still the model's. */

import { Diamond } from "lucide-react";
import styles from "./Notebook.module.css";
import type { Notebook } from "./notebook";
import { provenance } from "./provenance";
import { useCell } from "./useNotebook";

export function Provenance({ notebook, id }: { notebook: Notebook; id: string }) {
  const told = useCell(notebook, id, provenance);
  if (!told) return null;
  return (
    <div className={styles.provenance}>
      <Diamond size={10} fill="currentColor" aria-hidden /> {told}
    </div>
  );
}
