/** Where a kernel's widgets arrive: what shows them is fetched when the first one does. */

import type { IOutput } from "@jupyterlab/nbformat";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { Panel } from "@lumino/widgets";

export const WIDGET_TARGET = "jupyter.widget";
/** Says which kernel a cell's outputs are from. */
export type KernelOf = () => Kernel.IKernelConnection | null;

const VIEW = "application/vnd.jupyter.widget-view+json";
const GONE = "This widget is no longer in the kernel: run the cell again.";
const WAITS = "This widget waits for its kernel.";

export function isWidget({ data }: IOutput): boolean {
  return typeof data === "object" && data !== null && VIEW in data;
}

/** Take a widget's comm, before the cell's outputs show it. */
export async function openWidget(
  connection: Kernel.IKernelConnection,
  comm: Kernel.IComm,
  message: KernelMessage.ICommOpenMsg,
): Promise<void> {
  const { widgetsOf } = await import("./widgets");
  await widgetsOf(connection).opened(comm, message);
}

/** Make what renders the widgets of a kernel among a cell's outputs. */
export function widgetFactory(kernel: KernelOf): IRenderMime.IRendererFactory {
  return { safe: true, mimeTypes: [VIEW], createRenderer: () => new WidgetOutput(kernel) };
}

class WidgetOutput extends Panel implements IRenderMime.IRenderer {
  constructor(private readonly kernel: KernelOf) {
    super();
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const connection = this.kernel();
    const { model_id } = model.data[VIEW] as { model_id: string };
    const { widgetsOf } = await import("./widgets");
    const view = connection && (await widgetsOf(connection).view(model_id));
    if (this.isDisposed) return;
    if (view) this.addWidget(view);
    else this.node.textContent = connection ? GONE : WAITS;
  }
}
