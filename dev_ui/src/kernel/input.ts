/** What code asks of the person, by `input()` or `getpass()`. */

import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { InputRequest } from "./types";

const MASK = "········";

/**
 * Return a request of a kernel's as a page sees it.
 *
 * @param answered - is told what to show of the question and its answer
 */
export function inputRequest(
  message: KernelMessage.IInputRequestMsg,
  future: Pick<Kernel.IShellFuture, "sendInputReply">,
  answered: (shown: string) => void = () => {},
): InputRequest {
  const { content, header } = message;
  const { prompt, password } = content;
  return {
    prompt,
    password,
    message,
    answer(value) {
      future.sendInputReply({ status: "ok", value }, header);
      answered(`${prompt} ${password ? MASK : value}\n`);
    },
  };
}
