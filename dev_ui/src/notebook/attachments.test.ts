import { expect, test } from "vitest";
import { withAttachments } from "./attachments";

function cell(source: string, attachments: unknown) {
  return { id: "a", type: "markdown", source, metadata: {}, rest: { attachments } };
}

test("an image that a cell carries stands in place of its name", () => {
  const images = { "a b.png": { "image/png": "AA\nBB" } };
  expect(withAttachments(cell("![x](attachment:a%20b.png)", images))).toBe(
    "![x](data:image/png;base64,AABB)",
  );
});

test("what is no image, or isn't there, stays as it is written", () => {
  const images = { "a.svg": { "image/svg+xml": "<svg onload=x>" } };
  const source = "![x](attachment:a.svg) ![y](attachment:gone.png) ![z](attachment:%E0)";
  expect(withAttachments(cell(source, images))).toBe(source);
});
