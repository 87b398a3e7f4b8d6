import { expect, test } from "vitest";
import { saidIn } from "./said";

test("questions come without what the session told, and tools are left out", () => {
  const messages = [
    { role: "user", content: "# Variables\nx: int = 1\n\n# Question\nwhy?" },
    { role: "assistant", content: null, tool_calls: [] },
    { role: "tool", content: "42" },
    { role: "assistant", content: "Because." },
  ];
  expect(saidIn(messages)).toEqual([
    { by: "person", text: "why?" },
    { by: "model", text: "Because." },
  ]);
});
