/** What may be done about an error: have the model mend it. */

import { Wrench } from "lucide-react";
import type { ExecutionResult } from "~/kernel";
import styles from "./CellView.module.css";

export interface ErrorActionsProps {
  readonly error: ExecutionResult;
  readonly fix: ((error: ExecutionResult) => void) | undefined;
}

export function ErrorActions({ error, fix }: ErrorActionsProps) {
  if (!fix) return null;
  return (
    <div className={styles.actions}>
      <button type="button" className={styles.action} onClick={() => fix(error)}>
        <Wrench size={14} /> fix
      </button>
    </div>
  );
}
