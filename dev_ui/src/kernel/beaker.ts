/** The model that shares a live kernel: Beaker's requests, events, and wishes about cells. */

import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { CellChannel } from "./cells";
import { NewConversations } from "./newConversations";
import type { ApprovalRequest, BeakerMessages } from "./protocol";
import { type OnStdin, type Replies, type Reply, send } from "./requests";
import type {
  Beaker,
  BeakerEvent,
  CellOpHandler,
  Dispose,
  EventListener,
  EventType,
  HistoryKeeper,
  NotebookReader,
  Part,
  Policy,
  Question,
  Silence,
  SilenceListener,
} from "./types";

const EVENTS: ReadonlySet<string> = new Set<EventType>([
  "add_child_codecell",
  "approval_request",
  "code_cell",
  "llm_asked",
  "llm_auth_failure",
  "llm_delta",
  "llm_ended",
  "llm_response",
  "llm_retry",
  "llm_thought",
  "llm_usage",
  "tool_call_update",
]);

export class BeakerSide implements Beaker {
  readonly #connection: Kernel.IKernelConnection;
  readonly #onStdin: OnStdin;
  readonly #listeners = new Set<EventListener>();
  readonly #waiting = new Set<SilenceListener>();
  readonly #begun = new NewConversations();
  readonly #leaving = new Set<() => void>();
  /** Live events that came while older ones were awaited; null where none are. */
  #held: [BeakerEvent, string][] | null = null;
  readonly #cells: CellChannel;
  #seq = 0;
  #conversation: string | undefined;

  constructor(
    connection: Kernel.IKernelConnection,
    readonly features: BeakerMessages["kernel_info_reply.beaker"],
    onStdin: OnStdin,
  ) {
    this.#connection = connection;
    this.#onStdin = onStdin;
    this.#cells = new CellChannel(connection);
    connection.iopubMessage.connect((_, message) => this.#hear(message));
  }

  ask(request: string, without: readonly Part[] = []): Question {
    const content = { request, without: [...without] };
    return send(this.#connection, "llm_request", content, {}, this.#onStdin);
  }

  briefing(request: string, without: readonly Part[] = []) {
    return this.#request("briefing_request", { request, without: [...without] });
  }

  approve(approval: ApprovalRequest, decision: "run" | "edit" | "reject", code?: string) {
    const { approval_id, sha256 } = approval;
    const content = { approval_id, sha256, decision, ...(code === undefined ? {} : { code }) };
    return this.#request("approve_request", content);
  }

  cancel(question?: string) {
    return this.#request("llm_cancel_request", question ? { msg_id: question } : {});
  }

  async resume(since: number, conversation?: string) {
    this.#seq = since;
    this.#held ??= [];
    const content = { since, ...(conversation ? { conversation } : {}) };
    const reply = await this.#request("resume_request", content);
    if (reply.status === "ok") this.#conversation = reply.conversation;
    this.#release();
    return reply;
  }

  conversation(id?: string) {
    return this.#request("conversation_request", id ? { conversation: id } : {});
  }

  conversations(search = "") {
    return this.#request("conversations_request", { search });
  }

  variables(names?: string[]) {
    return this.#request("variables_request", names ? { names } : {});
  }

  info() {
    return this.#request("beaker_session_info_request", {});
  }

  setModel(content: BeakerMessages["set_agent_model"]) {
    return this.#request("set_agent_model", content);
  }

  setPolicy(policy: Policy) {
    return this.#request("set_policy", { policy });
  }

  async reset() {
    const reply = await this.#request("reset_request", {});
    this.#seq = 0;
    return reply;
  }

  onEvent(listener: EventListener): Dispose {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onSilence(listener: SilenceListener): Dispose {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }

  onNewConversation(begun: () => void): Dispose {
    this.#leaving.add(begun);
    return () => this.#leaving.delete(begun);
  }

  onCellOp(handler: CellOpHandler): Dispose {
    return this.#cells.onCellOp(handler);
  }

  onNotebookState(read: NotebookReader): Dispose {
    return this.#cells.onNotebookState(read);
  }

  onHistory(keep: HistoryKeeper): Dispose {
    return this.#cells.onHistory(keep);
  }

  /** After a reconnect: open the comm again, and have what was missed sent once more. */
  async reconnected(): Promise<void> {
    this.#cells.reopen();
    const before = this.#conversation;
    const reply = await this.resume(this.#seq, before);
    const another = before !== undefined && reply.status === "ok" && reply.conversation !== before;
    if (another) await this.resume(0, reply.conversation);
  }

  #request<T extends keyof Replies>(type: T, content: BeakerMessages[T]): Promise<Reply<T>> {
    return send(this.#connection, type, content).done;
  }

  #hear(message: KernelMessage.IIOPubMessage): void {
    const type = message.header.msg_type as string;
    if (this.#begun.hear(message)) this.#leave();
    const parent = "msg_id" in message.parent_header ? message.parent_header.msg_id : "";
    if (type === "set_chat_history") this.#cells.keep({ ...message.content });
    if (type === "llm_waiting")
      for (const each of this.#waiting) each(message.content as unknown as Silence, parent);
    if (!EVENTS.has(type)) return;
    const event = { type, content: message.content } as unknown as BeakerEvent;
    const again = event.content.question;
    if (again !== undefined) this.#tell(event, again);
    else if (this.#held) this.#held.push([event, parent]);
    else this.#tell(event, parent, true);
  }

  #leave(): void {
    this.#seq = 0;
    for (const leave of this.#leaving) leave();
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const [event, question] of held) this.#tell(event, question);
  }

  /** Tell an event; one that may have been told already counts by its number. */
  #tell(event: BeakerEvent, question: string, isNew = false): void {
    const { seq } = event.content;
    if (!isNew && seq <= this.#seq) return;
    this.#seq = seq;
    for (const listener of this.#listeners) listener(event, question);
  }
}
