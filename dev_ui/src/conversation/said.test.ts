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

test("questions come without the marks of data", () => {
  const content = "# Question\nThis failed:\n\n⟦session\n1 / 0\nsession⟧";
  const said = saidIn([{ role: "user", content }]);
  expect(said).toEqual([{ by: "person", text: "This failed:\n\n1 / 0" }]);
});
