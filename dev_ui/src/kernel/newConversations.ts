/** Cells that begin another conversation, whoever runs them: no event tells of it. */

import type { KernelMessage } from "@jupyterlab/services";

const BEGINS = /^\s*%{1,2}beaker\s+(?:forget|reset)\b/;

export class NewConversations {
  readonly #asked = new Set<string>();

  /** Tell whether a message on iopub is the end of such a cell. */
  hear({ header, parent_header: parent, content }: KernelMessage.IIOPubMessage): boolean {
    if (!("msg_id" in parent)) return false;
    const type: string = header.msg_type;
    if (type === "execute_input" && "code" in content && BEGINS.test(String(content.code)))
      this.#asked.add(parent.msg_id);
    if (type === "error") this.#asked.delete(parent.msg_id);
    const isOver =
      type === "status" && "execution_state" in content && content.execution_state === "idle";
    return isOver && this.#asked.delete(parent.msg_id);
  }
}
