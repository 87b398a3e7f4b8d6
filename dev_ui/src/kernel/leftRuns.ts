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
  /** What it waits for from the person. */
  readonly asked: KernelMessage.IInputRequestMsg | null;
}

/** Code that waited for its turn. */
export interface WaitingCode {
  readonly cell: string;
  readonly code: string;
}

/** What a page leaves behind. */
export interface LeftWork {
  readonly runs: readonly LeftRun[];
  readonly waiting: readonly WaitingCode[];
}

/** The server keeps for `client` what the kernel says while no page listens. */
interface Left extends LeftWork {
  readonly client: string;
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
type Ask = (message: KernelMessage.IInputRequestMsg) => void;

/** A run that goes on: it is heard from the connection's first message, and shown when it may be. */
export class ResumedRun {
  readonly done: Promise<ExecutionResult>;
  readonly #held: KernelMessage.IIOPubMessage[] = [];
  #show: Show = (message) => this.#held.push(message);
  #asked: KernelMessage.IInputRequestMsg | null;
  #ask: Ask = (message) => {
    this.#asked = message;
  };
  #reply: ExecutionResult | null = null;
  #isIdle = false;
  #settle: (ended: ExecutionResult) => void = () => undefined;

  constructor(
    readonly left: LeftRun,
    private readonly connection: Kernel.IKernelConnection,
  ) {
    this.#asked = left.asked;
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

  /** Show what was heard, and what will be; pass on what the code asks. */
  show(show: Show, ask: Ask): void {
    this.#show = show;
    this.#ask = ask;
    for (const message of this.#held.splice(0)) show(message);
    if (this.#asked) ask(this.#asked);
  }

  #hear(_: Kernel.IKernelConnection, { msg, direction }: Kernel.IAnyMessageArgs): void {
    const parent = "msg_id" in msg.parent_header ? msg.parent_header.msg_id : "";
    if (direction !== "recv" || parent !== this.left.msgId) return;
    if (msg.channel === "iopub") this.#note(msg as KernelMessage.IIOPubMessage);
    else if (KernelMessage.isInputRequestMsg(msg)) this.#ask(msg);
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
