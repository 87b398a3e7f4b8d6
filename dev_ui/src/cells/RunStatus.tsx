/** What became of a cell's run, and how long it took. */

import { useEffect, useState } from "react";
import styles from "./CellView.module.css";
import { duration } from "./duration";
import type { RunState } from "./liveCell";

export function RunStatus({ state }: { state: RunState }) {
  switch (state.kind) {
    case "idle":
      return null;
    case "queued":
      return <span className={styles.status}>waiting</span>;
    case "running":
      return <Running since={state.since} />;
    case "lost":
      return (
        <span className={styles.failed} title={state.reason}>
          lost
        </span>
      );
    case "done":
      return <Done state={state} />;
  }
}

function Running({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return <span className={styles.running}>{now - since < 1000 ? "" : duration(now - since)}</span>;
}

function Done({ state }: { state: RunState & { kind: "done" } }) {
  const { status } = state.result;
  if (status === "aborted") return <span className={styles.status}>not run</span>;
  const failed = status === "error";
  const said = failed ? "failed after" : "took";
  return (
    <span
      className={failed ? styles.failed : styles.status}
      title={`${said} ${duration(state.ms)}`}
    >
      {duration(state.ms)}
    </span>
  );
}
