/** Files that are dropped where nobody takes them. */

import type { Dispose } from "~/kernel";

/** Keep the browser from leaving the page for a file that was dropped beside the list of files. */
export function refuseDrops(target: Window): Dispose {
  const refuse = (event: DragEvent): void => {
    if (!event.defaultPrevented && event.dataTransfer?.types.includes("Files"))
      event.preventDefault();
  };
  for (const name of ["dragover", "drop"] as const) target.addEventListener(name, refuse);
  return () => {
    for (const name of ["dragover", "drop"] as const) target.removeEventListener(name, refuse);
  };
}
