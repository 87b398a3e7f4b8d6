/** HTML that somebody wrote, outside of outputs. */

import { PageSanitizer } from "./sanitizer";

const sanitizer = new PageSanitizer();

/** Show sanitised HTML in a node at once, and set its formulas as soon as that can be done. */
export async function showHtml(node: HTMLElement, html: string): Promise<void> {
  node.innerHTML = sanitizer.sanitize(html);
  if (/[$\\]/.test(node.textContent ?? "")) (await import("./latex")).typeset(node);
}
