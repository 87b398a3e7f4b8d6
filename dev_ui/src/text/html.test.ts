import { expect, test } from "vitest";
import { hasHtml, htmlOf } from "./html";

test("a text has HTML where a tag stands outside of code", () => {
  expect(hasHtml("a<br>b")).toBe(true);
  expect(hasHtml("> quoted <sub>2</sub>")).toBe(true);
  expect(hasHtml("<!-- a remark -->\n\ntext")).toBe(true);
  expect(hasHtml("`<br>` and a < b, <https://example.invalid>\n\n    <b>code</b>")).toBe(false);
});

test("what stands between two tags is Markdown, however many blocks it has", () => {
  const html = htmlOf("<details>\n\n# A *title*\n\nmore\n\n</details>");
  expect(html).toMatch(/^<details>\s*<h3>A <em>title<\/em><\/h3>\s*<p>more<\/p>\s*<\/details>/);
});

test("formulas stay as they are written, and make no tags", () => {
  expect(htmlOf("<b>x</b> $a_b<c_d$")).toContain("$a_b&lt;c_d$");
});
