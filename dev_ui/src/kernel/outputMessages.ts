/** Which messages are outputs, and what they do to the outputs of a cell. */

import type { IOutput } from "@jupyterlab/nbformat";
import type { OutputAreaModel } from "@jupyterlab/outputarea";
import type { KernelMessage } from "@jupyterlab/services";

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
