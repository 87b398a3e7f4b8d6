/** What renders outputs: JupyterLab's own renderers, which sanitise what isn't trusted. */

import {
  type IRenderMimeRegistry,
  RenderMimeRegistry,
  standardRendererFactories,
} from "@jupyterlab/rendermime";
import type { LiveKernel } from "./types";

/** Make a registry for one cell; `kernel` says whose widgets it shows. */
export function newRendermime(_kernel: () => LiveKernel | null): IRenderMimeRegistry {
  return new RenderMimeRegistry({ initialFactories: standardRendererFactories });
}
