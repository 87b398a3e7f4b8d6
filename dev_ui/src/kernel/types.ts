/** What a page sees of a server, its live kernels and the model that shares them. */

import type { INotebookContent, IOutput } from "@jupyterlab/nbformat";
import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { ReadableAtom } from "nanostores";
import type { LeftRun, LeftWork, ResumedRun, WaitingCode } from "./leftRuns";
import type { ApprovalRequest, BeakerMessages, CellAck, CellOp } from "./protocol";

export type { INotebookContent, IOutput, LeftRun, LeftWork, ResumedRun, WaitingCode };

/** Ends what the call that returned it began. */
export type Dispose = () => void;

/** Where a Jupyter Server is; `baseUrl` ends with a slash. */
export interface ServerAddress {
  readonly baseUrl: string;
  readonly token: string;
}

/** `offline`: the websocket is down, and is being opened again. */
export type KernelStatus =
  | "connecting"
  | "starting"
  | "idle"
  | "busy"
  | "restarting"
  | "dead"
  | "offline";

/** Why a kernel can't be had again: it ended, or the server doesn't take the token any more. */
export type Gone = "ended" | "refused";

/** How an `execute_request` ended, from its reply; `aborted` where one before it failed. */
export interface ExecutionResult {
  readonly status: "ok" | "error" | "aborted";
  readonly executionCount: number | null;
  readonly ename?: string;
  readonly evalue?: string;
  readonly traceback?: readonly string[];
}

/** What the model's side publishes, by type. */
export type EventType =
  | "add_child_codecell"
  | "approval_request"
  | "code_cell"
  | "llm_asked"
  | "llm_auth_failure"
  | "llm_delta"
  | "llm_ended"
  | "llm_response"
  | "llm_retry"
  | "llm_thought"
  | "llm_usage"
  | "tool_call_update";

export type BeakerEvent = {
  [T in EventType]: { readonly type: T; readonly content: BeakerMessages[T] };
}[EventType];

/**
 * An event, and the question it belongs to (by the `msg_id` of its `llm_request`, or of the cell
 * that asked). Each event of a conversation is told once, in order.
 */
export type EventListener = (event: BeakerEvent, question: string) => void;

export type Policy = BeakerMessages["set_policy"]["policy"];

/** What is told with a question, and can be left out. */
export type Part = NonNullable<BeakerMessages["llm_request"]["without"]>[number];

/** The model that shares a live kernel. */
export interface Beaker {
  readonly features: BeakerMessages["kernel_info_reply.beaker"];
  /** Ask; `done` settles with the reply, and never rejects for what the model did. */
  ask(question: string, without?: readonly Part[]): Question;
  /** Say what the model would be sent with a question. */
  briefing(question: string, without?: readonly Part[]): Promise<BeakerMessages["briefing_reply"]>;
  approve(
    approval: ApprovalRequest,
    decision: "run" | "edit" | "reject",
    code?: string,
  ): Promise<BeakerMessages["approve_reply"]>;
  cancel(question?: string): Promise<BeakerMessages["llm_cancel_reply"]>;
  /**
   * Have the events after `since` told to `onEvent`, then the live ones. After a lost connection
   * this is done without being asked.
   */
  resume(since: number, conversation?: string): Promise<BeakerMessages["resume_reply"]>;
  /** The messages of a conversation; without an id, of the one that is held now. */
  conversation(id?: string): Promise<BeakerMessages["conversation_reply"]>;
  /** The conversations that are kept of the notebook, the newest first. */
  conversations(search?: string): Promise<BeakerMessages["conversations_reply"]>;
  variables(names?: string[]): Promise<BeakerMessages["variables_reply"]>;
  info(): Promise<BeakerMessages["beaker_session_info_reply"]>;
  setModel(
    content: BeakerMessages["set_agent_model"],
  ): Promise<BeakerMessages["set_agent_model_reply"]>;
  setPolicy(policy: Policy): Promise<BeakerMessages["set_policy_reply"]>;
  reset(): Promise<BeakerMessages["reset_reply"]>;
  onEvent(listener: EventListener): Dispose;
  /** Hear each second what is waited for while the model is silent; any event ends that. */
  onSilence(listener: SilenceListener): Dispose;
  /** Hear when a cell, of whichever frontend, has begun another conversation in place of this one. */
  onNewConversation(begun: () => void): Dispose;
  /** Answer the model's wishes about the notebook; the last handler counts. */
  onCellOp(handler: CellOpHandler): Dispose;
  /** Let the model read the notebook, in Jupyter's format, when it asks. */
  onNotebookState(read: NotebookReader): Dispose;
  /** Hear after an answer what the notebook is to keep of the conversation, where that is wanted. */
  onHistory(keep: HistoryKeeper): Dispose;
}

export type Silence = BeakerMessages["llm_waiting"];
export type SilenceListener = (silence: Silence, question: string) => void;
export type CellOpHandler = (op: CellOp) => Promise<CellAck> | CellAck;
export type HistoryKeeper = (history: Record<string, unknown>) => void;
export type NotebookReader = () => Record<string, unknown>;

export interface Question {
  readonly msgId: string;
  readonly done: Promise<BeakerMessages["llm_reply"]>;
}

/** Code, or the model, waits for words of the person. */
export interface InputRequest {
  readonly prompt: string;
  readonly password: boolean;
  /** The kernel's own words, by which another page can answer. */
  readonly message: KernelMessage.IInputRequestMsg;
  answer(value: string): void;
}

export interface Completion {
  readonly matches: readonly string[];
  /** Offsets in UTF-16 code units, as the editor counts. */
  readonly from: number;
  readonly to: number;
}

export type InputListener = (asked: InputRequest, question: string) => void;

export interface ResumedWork {
  readonly runs: readonly ResumedRun[];
  readonly waiting: readonly WaitingCode[];
}

/** A kernel that runs; it outlives reconnects and restarts. */
export interface LiveKernel {
  readonly id: string;
  readonly name: string;
  /** The notebook that it runs for, by a name that is unlike that of any other server's. */
  readonly place: string;
  /** Jupyter's own connection, for the client library. */
  readonly connection: Kernel.IKernelConnection;
  readonly status: ReadableAtom<KernelStatus>;
  /** Why it doesn't come back after a lost connection; null as long as it may. */
  readonly gone: ReadableAtom<Gone | null>;
  /** The model's side, once the kernel has said that it has one. */
  readonly beaker: ReadableAtom<Beaker | null>;
  readonly language: ReadableAtom<string>;
  interrupt(): Promise<void>;
  restart(): Promise<void>;
  complete(code: string, cursor: number): Promise<Completion>;
  inspect(code: string, cursor: number): Promise<Record<string, unknown> | null>;
  /**
   * Hear what the model asks the person, and for which question; what a cell asks is told to who
   * ran it. As long as nobody hears, each is answered with nothing.
   */
  onInput(ask: InputListener): Dispose;
  /** Keep in this tab what goes on without the page, for `takeUp` of the next one. */
  leave(work: LeftWork): void;
  /** What the page before this one left; whoever asks has it. */
  takeUp(): ResumedWork;
  /** Let go of the kernel, which goes on running. */
  dispose(): void;
}

/**
 * The outputs of one cell, rendered once and kept.
 *
 * `node` belongs to nobody's virtual tree: put it wherever the cell is shown now, and take it out
 * again; what is in it (a widget, a plot, a scroll position) stays as it is.
 */
/** Hears of a run what isn't among its outputs, or not in time. */
export interface RunListener {
  /** The code waits for an answer. */
  asked(request: InputRequest): void;
  /** An error is shown; the run may go on, and its end tells whether it failed. */
  erred(): void;
}

export interface Outputs {
  readonly node: HTMLElement;
  /** The request whose outputs these are; empty before the first run. */
  readonly msgId: string;
  /**
   * Run code, and show what it puts out instead of what was there; an answer to what it asks is
   * shown among the outputs.
   */
  run(
    kernel: LiveKernel,
    code: string,
    listener: RunListener,
    metadata?: Record<string, unknown>,
  ): Promise<ExecutionResult>;
  /** Belong to a kernel: the widgets of earlier runs that it still has come alive. */
  attach(kernel: LiveKernel): void;
  /** Show what a run puts out that an earlier page began, and pass on what it asks. */
  resume(
    kernel: LiveKernel,
    run: ResumedRun,
    asked: (request: InputRequest) => void,
  ): Promise<ExecutionResult>;
  /** Show what a request puts out that runs already, and of which the kernel is told elsewhere. */
  adopt(kernel: LiveKernel, msgId: string): Dispose;
  /** Show outputs of an earlier run; all that is shown is sanitised, whoever ran it. */
  load(outputs: readonly IOutput[]): void;
  toJSON(): IOutput[];
  clear(): void;
  /** Hear of each change, once per frame at most. */
  subscribe(changed: () => void): Dispose;
  dispose(): void;
}
