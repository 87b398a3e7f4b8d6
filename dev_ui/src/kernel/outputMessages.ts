/** What messages do to the outputs of a cell, and which of them say how its run ended. */

import type { IOutput } from "@jupyterlab/nbformat";
import type { OutputAreaModel } from "@jupyterlab/outputarea";
import type { KernelMessage } from "@jupyterlab/services";
import type { ExecutionResult } from "./types";

const OUTPUT_TYPES: ReadonlySet<string> = new Set([
  "display_data",
  "error",
  "execute_result",
  "stream",
]);

/** Put what a message says into a cell's outputs; return whether it said anything of them. */
export function putInto(model: OutputAreaModel, message: KernelMessage.IIOPubMessage): boolean {
  const type = message.header.msg_type;
  if (OUTPUT_TYPES.has(type)) model.add({ ...message.content, output_type: type } as IOutput);
  else if (type === "clear_output")
    model.clear((message as KernelMessage.IClearOutputMsg).content.wait);
  else return false;
  return true;
}

/** Return how a run ended, as its reply says. */
export function result(reply: KernelMessage.IExecuteReplyMsg): ExecutionResult {
  const { content } = reply;
  const executionCount = content.execution_count ?? null;
  if (content.status === "ok") return { status: "ok", executionCount };
  if (content.status !== "error") return { status: "aborted", executionCount };
  const { ename, evalue, traceback } = content;
  return { status: "error", executionCount, ename, evalue, traceback };
}
