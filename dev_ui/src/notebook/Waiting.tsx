/** A badge on a cell that the model would run, as soon as the person lets it. */

import { Hand } from "lucide-react";
import type { ReadableAtom } from "nanostores";
import { useCallback, useSyncExternalStore } from "react";
import styles from "./Notebook.module.css";

/** What waits for the person's word, and where it is given. */
export interface Approvals {
  /** The approval that waits, by its cell. */
  readonly cells: ReadableAtom<ReadonlyMap<string, string>>;
  readonly show: (approval: string) => void;
}

export function Waiting({ id, approvals }: { id: string; approvals: Approvals }) {
  const { cells, show } = approvals;
  const listen = useCallback((changed: () => void) => cells.listen(changed), [cells]);
  const approval = useSyncExternalStore(listen, () => cells.get().get(id));
  if (approval === undefined) return null;
  return (
    <button type="button" className={styles.waiting} onClick={() => show(approval)}>
      <Hand size={13} aria-hidden /> the model wants to run this: waiting for you
    </button>
  );
}
