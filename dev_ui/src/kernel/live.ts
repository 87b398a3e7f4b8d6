/** A kernel that runs: its status, what it can do, and the model that shares it. */

import { type Kernel, KernelMessage } from "@jupyterlab/services";
import { atom, type ReadableAtom } from "nanostores";
import { BeakerSide } from "./beaker";
import { inputRequest } from "./input";
import { keepLeft, type LeftWork, ResumedRun } from "./leftRuns";
import { toCodePoints, toCodeUnits } from "./offsets";
import type { BeakerMessages } from "./protocol";
import type {
  Beaker,
  Completion,
  Dispose,
  Gone,
  InputListener,
  KernelStatus,
  LiveKernel,
  ResumedWork,
} from "./types";
import { openWidget, WIDGET_TARGET } from "./widgetTarget";

const NO_WORK = { runs: [], waiting: [] };
const STATUS: Partial<Record<string, KernelStatus>> = {
  starting: "starting",
  idle: "idle",
  busy: "busy",
  restarting: "restarting",
  autorestarting: "restarting",
  dead: "dead",
  terminating: "dead",
};

export class Live implements LiveKernel {
  readonly status = atom<KernelStatus>("connecting");
  readonly beaker = atom<Beaker | null>(null);
  readonly language = atom("");
  #ask: InputListener | null = null;
  #met = false;

  #resumed: ResumedWork;
  /** Cells that run, whoever asked: a kernel is idle in between, for what else it is asked. */
  readonly #running = new Set<string>();

  constructor(
    readonly connection: Kernel.IKernelConnection,
    readonly gone: ReadableAtom<Gone | null>,
    readonly place: string,
    left: LeftWork = NO_WORK,
  ) {
    const runs = left.runs.map((run) => new ResumedRun(run, connection));
    this.#resumed = { runs, waiting: left.waiting };
    for (const { left, done } of runs) {
      this.#running.add(left.msgId);
      void done.catch(() => undefined).finally(() => this.#note(left.msgId, "idle"));
    }
    connection.iopubMessage.connect((_, message) => {
      const { parent_header: parent } = message;
      if (!KernelMessage.isStatusMsg(message) || !("msg_type" in parent)) return;
      if (parent.msg_type === "execute_request")
        this.#note(parent.msg_id, message.content.execution_state);
    });
    connection.statusChanged.connect(() => this.#follow());
    connection.connectionStatusChanged.connect((_, status) => {
      this.#follow();
      if (status === "connected") void this.#connected();
      if (status === "disconnected") void connection.reconnect().catch(() => this.#follow());
    });
    connection.registerCommTarget(WIDGET_TARGET, (comm, message) =>
      openWidget(connection, comm, message),
    );
    void connection.info.then((info) => this.#meet(info));
  }

  get id(): string {
    return this.connection.id;
  }

  get name(): string {
    return this.connection.name;
  }

  interrupt(): Promise<void> {
    return this.connection.interrupt();
  }

  restart(): Promise<void> {
    return this.connection.restart();
  }

  async complete(code: string, cursor: number): Promise<Completion> {
    const content = { code, cursor_pos: toCodePoints(code, cursor) };
    const { content: reply } = await this.connection.requestComplete(content);
    if (reply.status !== "ok") return { matches: [], from: cursor, to: cursor };
    const from = toCodeUnits(code, reply.cursor_start);
    return { matches: reply.matches, from, to: toCodeUnits(code, reply.cursor_end) };
  }

  async inspect(code: string, cursor: number): Promise<Record<string, unknown> | null> {
    const cursor_pos = toCodePoints(code, cursor);
    const request = { code, cursor_pos, detail_level: 0 as const };
    const { content: reply } = await this.connection.requestInspect(request);
    return reply.status === "ok" && reply.found ? { ...reply.data } : null;
  }

  onInput(ask: InputListener): Dispose {
    this.#ask = ask;
    return () => {
      if (this.#ask === ask) this.#ask = null;
    };
  }

  leave(work: LeftWork): void {
    keepLeft(this.id, { ...work, client: this.connection.clientId });
  }

  takeUp(): ResumedWork {
    const resumed = this.#resumed;
    this.#resumed = NO_WORK;
    return resumed;
  }

  /** Let go of the kernel, which goes on running. */
  dispose(): void {
    this.connection.dispose();
  }

  #note(cell: string, state: string): void {
    if (state === "busy") this.#running.add(cell);
    else this.#running.delete(cell);
    this.#follow();
  }

  #follow(): void {
    const { connectionStatus, status } = this.connection;
    const online = connectionStatus === "connected" || status === "dead";
    const now = STATUS[status];
    if (now === "restarting" || now === "dead") this.#running.clear();
    const runs = (now === "idle" || !now) && this.#running.size > 0;
    if (online) this.status.set(runs ? "busy" : (now ?? "connecting"));
    else this.status.set(this.#met ? "offline" : "connecting");
  }

  async #connected(): Promise<void> {
    const beaker = this.beaker.get();
    if (beaker instanceof BeakerSide) await beaker.reconnected();
  }

  #meet(info: KernelMessage.IInfoReply): void {
    this.#met = true;
    this.language.set(info.language_info.name);
    const features = (info as { beaker?: BeakerMessages["kernel_info_reply.beaker"] }).beaker;
    if (!features) return;
    const side = new BeakerSide(this.connection, features, (asked, future) => {
      if (KernelMessage.isInputRequestMsg(asked)) this.#pass(asked, future);
    });
    this.beaker.set(side);
  }

  #pass(asked: KernelMessage.IInputRequestMsg, future: Kernel.IShellFuture): void {
    const request = inputRequest(asked, future);
    if (this.#ask) this.#ask(request, future.msg.header.msg_id);
    else request.answer("");
  }
}
