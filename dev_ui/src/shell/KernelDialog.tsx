import { useStore } from "@nanostores/react";
import { useEffect, useState } from "react";
import type { Kernelspec, LiveKernel, Server } from "~/kernel";
import { Dialog } from "./Dialog";
import { closeDialog } from "./dialogs";
import styles from "./KernelDialog.module.css";
import { changeKernel, PREFERRED, workspace } from "./workspace";

/** Offers the server's kernels, and says before what is lost with the one that runs. */
export function KernelDialog() {
  const { server, kernel } = useStore(workspace);
  return (
    <Dialog title="Change the kernel" onClose={closeDialog}>
      {server && kernel && <Choice server={server} kernel={kernel} />}
    </Dialog>
  );
}

function Choice({ server, kernel }: { server: Server; kernel: LiveKernel }) {
  const specs = useKernelspecs(server);
  return (
    <>
      <p className={styles.lost}>
        {kernel.name} ends: its variables are lost, and what it runs is stopped. The notebook stays
        as it is, with its outputs.
      </p>
      {specs === null && <p className={styles.lost}>asking the server…</p>}
      {typeof specs === "string" && (
        <p className={styles.failed} role="alert">
          The server doesn't tell its kernels: {specs}
        </p>
      )}
      <ul className={styles.list} aria-label="kernels">
        {Array.isArray(specs) &&
          specs.map((spec) => (
            <li key={spec.name}>
              <Option spec={spec} current={spec.name === kernel.name} />
            </li>
          ))}
      </ul>
    </>
  );
}

function Option({ spec, current }: { spec: Kernelspec; current: boolean }) {
  const change = () => {
    closeDialog();
    void changeKernel(spec);
  };
  return (
    <button type="button" className={styles.option} disabled={current} onClick={change}>
      <span className={styles.name}>{spec.displayName}</span>
      <span className={styles.what}>
        {current ? "runs now" : whatItIs(spec)} · {spec.name}
      </span>
    </button>
  );
}

function whatItIs({ name, language }: Kernelspec): string {
  return name === PREFERRED ? `${language}, and a model to ask` : `${language}, without a model`;
}

/** The server's kernels, Beaker's first; null as long as they are asked for, else why not. */
function useKernelspecs(server: Server): readonly Kernelspec[] | string | null {
  const [specs, setSpecs] = useState<readonly Kernelspec[] | string | null>(null);
  useEffect(() => {
    let wanted = true;
    const tell = (found: readonly Kernelspec[] | string) => wanted && setSpecs(found);
    server.kernelspecs().then(
      (found) => tell(found.toSorted(byName)),
      (error: unknown) => tell(String(error)),
    );
    return () => {
      wanted = false;
    };
  }, [server]);
  return specs;
}

function byName(one: Kernelspec, other: Kernelspec): number {
  const rank = ({ name }: Kernelspec) => (name === PREFERRED ? 0 : 1);
  return rank(one) - rank(other) || one.displayName.localeCompare(other.displayName);
}
