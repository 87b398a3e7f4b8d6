import type { KernelMessage } from "@jupyterlab/services";
import { expect, test } from "vitest";
import { NewConversations } from "./newConversations";

function message(type: string, content: object, parent = "a") {
  const header = { msg_type: type };
  return { header, parent_header: { msg_id: parent }, content } as KernelMessage.IIOPubMessage;
}

const input = (code: string, parent?: string) => message("execute_input", { code }, parent);
const idle = (parent?: string) => message("status", { execution_state: "idle" }, parent);

test.each(["%beaker forget", " %beaker  reset\n"])("%j begins another conversation", (code) => {
  const begun = new NewConversations();
  expect(begun.hear(input(code))).toBe(false);
  expect(begun.hear(idle("b"))).toBe(false);
  expect(begun.hear(idle())).toBe(true);
  expect(begun.hear(idle())).toBe(false);
});

test.each(["%beaker status", "%beaker forgetful", "x = '%beaker forget'"])("%j doesn't", (code) => {
  const begun = new NewConversations();
  begun.hear(input(code));
  expect(begun.hear(idle())).toBe(false);
});

test("one that fails begins none", () => {
  const begun = new NewConversations();
  begun.hear(input("%beaker forget"));
  begun.hear(message("error", { ename: "OSError" }));
  expect(begun.hear(idle())).toBe(false);
});
