/** What one does to a kernel; where it fails, the page says so. */

import type { LiveKernel } from "~/kernel";
import { fail } from "./notices";
import { renewKernel } from "./workspace";

export function interrupt(kernel: LiveKernel): void {
  kernel.interrupt().catch((error) => fail("can't interrupt the kernel", error));
}

/** Start it anew; one that is dead has nothing that could be started anew, but a successor. */
export function restart(kernel: LiveKernel): void {
  if (kernel.status.get() === "dead") void renewKernel(kernel);
  else kernel.restart().catch((error) => fail("can't restart the kernel", error));
}
