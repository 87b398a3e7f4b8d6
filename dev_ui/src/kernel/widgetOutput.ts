/** The Output widget: it shows what other code puts out; `interact` draws in it. */

import {
  OutputModel as OutputModelBase,
  OutputView as OutputViewBase,
} from "@jupyter-widgets/output";
import type { IOutput } from "@jupyterlab/nbformat";
import { OutputArea, OutputAreaModel } from "@jupyterlab/outputarea";
import type { KernelMessage } from "@jupyterlab/services";
import { attach } from "./attach";
import { CellScripts } from "./cellScripts";
import { putInto } from "./outputMessages";
import { newRendermime } from "./rendermime";
import type { KernelWidgets } from "./widgets";

type Hook = (message: KernelMessage.IIOPubMessage) => boolean;
type Changed = { readonly captured?: boolean };

export class OutputModel extends OutputModelBase {
  // Backbone calls initialize() before the fields of a class are set: nothing may be set here.
  declare outputs: OutputAreaModel;
  declare private hook: Hook;

  override defaults(): Record<string, unknown> {
    return { ...super.defaults(), msg_id: "", outputs: [] };
  }

  override initialize(attributes: never, options: never): void {
    super.initialize(attributes, options);
    this.outputs = new OutputAreaModel({ trusted: false });
    this.hook = (message) => this.capture(message);
    this.on("change:msg_id", () => this.follow());
    this.on("change:outputs", (_model: this, _value: unknown, changed: Changed) => {
      if (!changed.captured) this.load();
    });
    this.load();
  }

  private get widgets(): KernelWidgets {
    return this.widget_manager as unknown as KernelWidgets;
  }

  /** Capture what the request puts out that the kernel names, and no longer the one before. */
  private follow(): void {
    const [before, now] = [this.previous("msg_id"), this.get("msg_id")] as [string, string];
    if (before) this.widgets.connection.removeMessageHook(before, this.hook);
    if (now) this.widgets.connection.registerMessageHook(now, this.hook);
  }

  private load(): void {
    this.outputs.fromJSON(structuredClone(this.get("outputs")) as IOutput[]);
  }

  /** Take what belongs to us, and keep it from the cell that runs. */
  private capture(message: KernelMessage.IIOPubMessage): boolean {
    if (!putInto(this.outputs, message)) return true;
    this.set("outputs", this.outputs.toJSON(), { captured: true });
    this.save_changes();
    return false;
  }
}

export class OutputView extends OutputViewBase {
  declare private area: OutputArea;

  override render(): void {
    super.render();
    const { outputs, widget_manager } = this.model as unknown as OutputModel;
    const { connection } = widget_manager as unknown as KernelWidgets;
    const scripts = new CellScripts(() => connection);
    scripts.allow(); // what it shows, this kernel was told to put out
    const rendermime = newRendermime(() => connection, scripts);
    this.area = new OutputArea({ model: outputs, rendermime });
    attach(this.area, this.el as HTMLElement);
  }

  override remove(): this {
    this.area?.dispose();
    return super.remove() as this;
  }
}
