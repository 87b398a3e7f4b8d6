/** Beaker's own requests on Jupyter's shell channel. */

import { type Kernel, KernelMessage } from "@jupyterlab/services";
import type { BeakerMessages } from "./protocol";

/** The requests that a page sends, with what answers each. */
export interface Replies {
  llm_request: "llm_reply";
  briefing_request: "briefing_reply";
  approve_request: "approve_reply";
  llm_cancel_request: "llm_cancel_reply";
  resume_request: "resume_reply";
  conversation_request: "conversation_reply";
  conversations_request: "conversations_reply";
  variables_request: "variables_reply";
  beaker_session_info_request: "beaker_session_info_reply";
  set_agent_model: "set_agent_model_reply";
  set_policy: "set_policy_reply";
  reset_request: "reset_reply";
}

export type Reply<T extends keyof Replies> = BeakerMessages[Replies[T]];

export interface Sent<T extends keyof Replies> {
  readonly msgId: string;
  readonly done: Promise<Reply<T>>;
}

const CAPABILITIES = { beaker: { capabilities: ["approval", "cells", "ask_user"] } };

export type OnStdin = (message: KernelMessage.IStdinMessage, future: Kernel.IShellFuture) => void;

/** Send a request; `done` settles with its reply, an error reply where the kernel went away. */
export function send<T extends keyof Replies>(
  connection: Kernel.IKernelConnection,
  type: T,
  content: BeakerMessages[T],
  metadata: Record<string, unknown> = {},
  onStdin?: OnStdin,
): Sent<T> {
  // Jupyter's types know Jupyter's messages only; what is sent is the same.
  const message = KernelMessage.createMessage<KernelMessage.IExecuteRequestMsg>({
    channel: "shell",
    msgType: type as "execute_request",
    session: connection.clientId,
    username: connection.username,
    content: content as never,
    metadata: { ...CAPABILITIES, ...metadata } as never,
  });
  const done = answer(connection, message, onStdin).catch(gone);
  return { msgId: message.header.msg_id, done: done as Promise<Reply<T>> };
}

/** @throws Error - the kernel is gone, or goes before it has answered */
async function answer(
  connection: Kernel.IKernelConnection,
  message: KernelMessage.IShellMessage,
  onStdin?: OnStdin,
): Promise<unknown> {
  const future = connection.sendShellMessage(message, true, true);
  if (onStdin) future.onStdin = (asked) => onStdin(asked, future);
  return (await future.done).content;
}

function gone(error: unknown): BeakerMessages["reset_reply"] {
  return { status: "error", ename: "KernelGone", evalue: String(error), traceback: [] };
}
