/** The outputs of one cell, rendered by JupyterLab's renderers in a node that outlives the view. */

import type { IOutput } from "@jupyterlab/nbformat";
import { OutputArea, OutputAreaModel } from "@jupyterlab/outputarea";
import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { type Kernel, KernelMessage } from "@jupyterlab/services";
import "./jupyter.css";
import { attach, fit } from "./attach";
import { CellScripts } from "./cellScripts";
import { inputRequest } from "./input";
import type { ResumedRun } from "./leftRuns";
import { putInto, result } from "./outputMessages";
import { newRendermime } from "./rendermime";
import type {
  Dispose,
  ExecutionResult,
  InputRequest,
  LiveKernel,
  Outputs,
  RunListener,
} from "./types";
import { isWidget } from "./widgetTarget";

/** @param kernel - whose widgets are among the outputs of earlier runs */
export function createOutputs(kernel: LiveKernel | null = null): Outputs {
  return new CellOutputs(kernel);
}

class CellOutputs implements Outputs {
  readonly node = document.createElement("div");
  readonly #connection = () => this.kernel?.connection ?? null;
  readonly #scripts = new CellScripts(this.#connection);
  readonly #rendermime: IRenderMimeRegistry = newRendermime(this.#connection, this.#scripts);
  // Never trusted, whoever ran it: what is trusted isn't sanitised.
  readonly #model = new OutputAreaModel({ trusted: false });
  readonly #area = new OutputArea({ model: this.#model, rendermime: this.#rendermime });
  readonly #listeners = new Set<() => void>();
  readonly #resized = new ResizeObserver(() => fit(this.#area));
  msgId = "";
  #frame = 0;

  constructor(private kernel: LiveKernel | null) {
    this.node.className = "beaker-outputs";
    // React moves our node about, and doesn't tell.
    attach(this.#area, this.node);
    this.#model.changed.connect(() => this.#changed());
    this.#resized.observe(this.node);
  }

  async run(
    kernel: LiveKernel,
    code: string,
    listener: RunListener,
    metadata: Record<string, unknown> = {},
  ): Promise<ExecutionResult> {
    this.kernel = kernel;
    const content = { code, stop_on_error: true };
    const future = kernel.connection.requestExecute(content, false, metadata as never);
    this.msgId = future.msg.header.msg_id;
    this.#area.future = future;
    future.onStdin = (asked) => {
      if (KernelMessage.isInputRequestMsg(asked))
        listener.asked(inputRequest(asked, future, (shown) => this.#echo(shown)));
    };
    let began = false;
    const leave = hear(kernel, this.msgId, (message) => {
      began ||= KernelMessage.isExecuteInputMsg(message);
      if (KernelMessage.isErrorMsg(message)) listener.erred();
    });
    this.#scripts.allow();
    return future.done.then(result, () => (began ? lost() : aborted())).finally(leave);
  }

  resume(
    kernel: LiveKernel,
    run: ResumedRun,
    asked: (request: InputRequest) => void,
  ): Promise<ExecutionResult> {
    this.kernel = kernel;
    this.msgId = run.left.msgId;
    if (run.left.outputs.length > 0) this.load(run.left.outputs);
    run.show(
      (message) => putInto(this.#model, message),
      (message) => asked(inputRequest(message, kernel.connection, (shown) => this.#echo(shown))),
    );
    return run.done;
  }

  adopt(kernel: LiveKernel, msgId: string): Dispose {
    this.kernel = kernel;
    return hear(kernel, msgId, (message) => putInto(this.#model, message));
  }

  attach(kernel: LiveKernel): void {
    const isNew = kernel !== this.kernel;
    this.kernel = kernel;
    const outputs = this.toJSON();
    if (isNew && outputs.some(isWidget)) this.#model.fromJSON(outputs);
  }

  load(outputs: readonly IOutput[]): void {
    this.#scripts.forbid();
    this.#model.fromJSON([...outputs]);
  }

  toJSON(): IOutput[] {
    return this.#model.toJSON();
  }

  clear(): void {
    this.#model.clear();
  }

  subscribe(changed: () => void): Dispose {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    this.#resized.disconnect();
    this.#area.dispose();
    this.#model.dispose();
    this.node.remove();
  }

  /** A stream of its own, as in JupyterLab, so that it doesn't run into what is printed. */
  #echo(text: string): void {
    this.#model.add({ output_type: "stream", name: "stdin", text });
  }

  #changed(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      for (const listener of this.#listeners) listener();
    });
  }
}

/** Hear what is published for a request. */
function hear(
  { connection }: LiveKernel,
  msgId: string,
  take: (message: KernelMessage.IIOPubMessage) => void,
): Dispose {
  const taking = (_: Kernel.IKernelConnection, message: KernelMessage.IIOPubMessage): void => {
    if ("msg_id" in message.parent_header && message.parent_header.msg_id === msgId) take(message);
  };
  connection.iopubMessage.connect(taking);
  return () => connection.iopubMessage.disconnect(taking);
}

function lost(): never {
  throw new Error("the kernel ended before the cell did");
}

function aborted(): ExecutionResult {
  return { status: "aborted", executionCount: null };
}
