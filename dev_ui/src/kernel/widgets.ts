/** ipywidgets over a live kernel, without JupyterLab's application. */

import "@jupyter-widgets/base/css/index.css";
import "@jupyter-widgets/controls/css/widgets-base.css";
import * as base from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import * as controls from "@jupyter-widgets/controls";
import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { JSONObject } from "@lumino/coreutils";
import type { Widget } from "@lumino/widgets";
import * as output from "./widgetOutput";
import { WIDGET_TARGET } from "./widgetTarget";

type Classes = Readonly<Record<string, unknown>>;
type WidgetClass = typeof base.WidgetModel | typeof base.WidgetView;

const MODULES: Readonly<Record<string, Classes>> = {
  "@jupyter-widgets/base": base as unknown as Classes,
  "@jupyter-widgets/controls": controls as unknown as Classes,
  "@jupyter-widgets/output": output as unknown as Classes,
};

const known = new WeakMap<Kernel.IKernelConnection, KernelWidgets>();

/** The widgets of a kernel; they live as long as the connection. */
export function widgetsOf(connection: Kernel.IKernelConnection): KernelWidgets {
  const widgets = known.get(connection) ?? new KernelWidgets(connection);
  known.set(connection, widgets);
  return widgets;
}

export class KernelWidgets extends ManagerBase {
  #restored: Promise<void> | null = null;

  constructor(readonly connection: Kernel.IKernelConnection) {
    super();
  }

  async opened(comm: Kernel.IComm, message: KernelMessage.ICommOpenMsg): Promise<void> {
    await this.handle_comm_open(new base.shims.services.Comm(comm), message);
  }

  /** Make a view of a widget, or null where the kernel has it no more. */
  async view(modelId: string): Promise<Widget | null> {
    if (!this.has_model(modelId)) await this.#restore();
    if (!this.has_model(modelId)) return null;
    const model = (await this.get_model(modelId)) as base.DOMWidgetModel;
    return (await this.create_view(model)).luminoWidget;
  }

  /** After a reload: learn of the widgets that the kernel has. */
  #restore(): Promise<void> {
    this.#restored ??= this._loadFromKernel();
    return this.#restored;
  }

  override async _create_comm(
    target: string,
    id: string,
    data?: JSONObject,
    metadata?: JSONObject,
    buffers?: ArrayBuffer[] | ArrayBufferView[],
  ): Promise<base.IClassicComm> {
    const comm = this.connection.createComm(target, id);
    if (data ?? metadata) comm.open(data, metadata, buffers);
    return new base.shims.services.Comm(comm);
  }

  override async _get_comm_info(): Promise<Record<string, unknown>> {
    const { content } = await this.connection.requestCommInfo({ target_name: WIDGET_TARGET });
    return content.status === "ok" ? content.comms : {};
  }

  protected override async loadClass(name: string, module: string): Promise<WidgetClass> {
    const found = MODULES[module]?.[name];
    if (!found) throw new Error(`the page does not know the widget ${module}.${name}`);
    return found as WidgetClass;
  }
}
