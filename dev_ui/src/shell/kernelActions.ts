/** What one does to a kernel; where it fails, the page says so. */

import type { LiveKernel } from "~/kernel";
import { fail } from "./notices";

export function interrupt(kernel: LiveKernel): void {
  kernel.interrupt().catch((error) => fail("can't interrupt the kernel", error));
}

export function restart(kernel: LiveKernel): void {
  kernel.restart().catch((error) => fail("can't restart the kernel", error));
}
