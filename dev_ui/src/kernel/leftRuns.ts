/** Runs that a page leaves behind when it is reloaded, and takes up again. */

import type { IOutput } from "@jupyterlab/nbformat";
import { type Kernel, KernelMessage } from "@jupyterlab/services";
import { result } from "./outputMessages";
import type { ExecutionResult } from "./types";

/** A run as it stood when the page was left; `since` is the browser's time. */
export interface LeftRun {
  readonly cell: string;
  readonly msgId: string;
  readonly since: number;
  readonly outputs: readonly IOutput[];
}

/** The server keeps for `client` what the kernel says while no page listens. */
export interface Left {
  readonly client: string;
  readonly runs: readonly LeftRun[];
}

export function keepLeft(kernelId: string, left: Left): void {
  if (left.runs.length > 0 && store(kernelId, left)) return;
  // Outputs that are too big are shown from the file, as far as they are in it.
  const runs = left.runs.map((run) => ({ ...run, outputs: [] }));
  if (runs.length > 0) store(kernelId, { ...left, runs });
}

/** Return what was left, once: a second page must not be the same client. */
export function takeLeft(kernelId: string): Left | null {
  const kept = sessionStorage.getItem(key(kernelId));
  sessionStorage.removeItem(key(kernelId));
  return kept === null ? null : (JSON.parse(kept) as Left);
}

function key(kernelId: string): string {
  return `beaker-left ${kernelId}`;
}

function store(kernelId: string, left: Left): boolean {
  try {
    sessionStorage.setItem(key(kernelId), JSON.stringify(left));
    return true;
  } catch {
    return false;
  }
}

type Show = (message: KernelMessage.IIOPubMessage) => void;

/** A run that goes on: it is heard from the connection's first message, and shown when it may be. */
export class ResumedRun {
  readonly done: Promise<ExecutionResult>;
  readonly #held: KernelMessage.IIOPubMessage[] = [];
  #show: Show = (message) => this.#held.push(message);
  #reply: ExecutionResult | null = null;
  #isIdle = false;
  #settle: (ended: ExecutionResult) => void = () => undefined;

  constructor(
    readonly left: LeftRun,
    private readonly connection: Kernel.IKernelConnection,
  ) {
    connection.anyMessage.connect(this.#hear, this);
    this.done = new Promise((resolve, reject) => {
      this.#settle = resolve;
      const lost = () => reject(new Error("the kernel told nothing of its end"));
      this.#answered().then(lost, lost);
    });
    // Whether anybody has taken it up by then or not.
    this.done
      .catch(() => undefined)
      .finally(() => connection.anyMessage.disconnect(this.#hear, this));
  }

  /** Show what was heard, and what will be. */
  show(show: Show): void {
    this.#show = show;
    for (const message of this.#held.splice(0)) show(message);
  }

  #hear(_: Kernel.IKernelConnection, { msg, direction }: Kernel.IAnyMessageArgs): void {
    const parent = "msg_id" in msg.parent_header ? msg.parent_header.msg_id : "";
    if (direction !== "recv" || parent !== this.left.msgId) return;
    if (msg.channel === "iopub") this.#note(msg as KernelMessage.IIOPubMessage);
    else if (KernelMessage.isExecuteReplyMsg(msg)) this.#reply = result(msg);
    if (this.#isIdle && this.#reply) this.#settle(this.#reply);
  }

  #note(message: KernelMessage.IIOPubMessage): void {
    this.#show(message);
    if (KernelMessage.isStatusMsg(message))
      this.#isIdle ||= message.content.execution_state === "idle";
  }

  /** Resolves when the kernel has answered requests of this page, and so has ended older ones. */
  async #answered(): Promise<void> {
    await this.connection.info;
    await this.connection.requestCommInfo({ target_name: "" });
  }
}
