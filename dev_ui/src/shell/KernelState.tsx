import { useStore } from "@nanostores/react";
import { RotateCw, Square } from "lucide-react";
import type { KernelStatus, LiveKernel } from "~/kernel";
import { IconButton } from "~/style/IconButton";
import { openDialog } from "./dialogs";
import { Elapsed } from "./Elapsed";
import styles from "./KernelState.module.css";
import { interrupt, restart } from "./kernelActions";

const WORDS: Record<KernelStatus, string> = {
  connecting: "connecting",
  starting: "starting",
  idle: "idle",
  busy: "busy",
  restarting: "restarting",
  dead: "dead",
  offline: "offline, connecting again",
};

/** What the kernel does now, and how to stop it or start it anew. */
export function KernelState({ kernel }: { kernel: LiveKernel }) {
  const status = useStore(kernel.status);
  const sandbox = useStore(kernel.beaker)?.features.sandbox;
  return (
    <div className={styles.state}>
      <span role="status" aria-label="kernel" className={styles.words} title={sandbox ?? ""}>
        <span className={styles.dot} data-status={status} aria-hidden />
        <button
          type="button"
          className={styles.name}
          aria-label={`${kernel.name}: change the kernel`}
          title="change the kernel"
          onClick={() => openDialog("kernel")}
        >
          {kernel.name}
        </button>{" "}
        {WORDS[status]}
        {sandbox && <span className={styles.sandbox}> · sandboxed</span>}
      </span>
      {status === "busy" && <Elapsed />}
      {status === "busy" && (
        <IconButton icon={Square} title="interrupt the kernel" onClick={() => interrupt(kernel)} />
      )}
      {status === "dead" && (
        <IconButton icon={RotateCw} title="restart the kernel" onClick={() => restart(kernel)} />
      )}
    </div>
  );
}
