/** What is left of HTML that somebody else wrote: no script, no command, nothing from the net. */

import { Sanitizer } from "@jupyterlab/apputils";
import type { IRenderMime } from "@jupyterlab/rendermime";

const FETCHED = ["src", "srcset", "poster", "background", "data"];
const OWN = /^(data:image\/|blob:)/i;
const SAFE_LINK = /^(https?:|mailto:|#)/i;

export class PageSanitizer extends Sanitizer {
  override sanitize(dirty: string, options?: IRenderMime.ISanitizerOptions): string {
    const template = document.createElement("template");
    template.innerHTML = super.sanitize(dirty, options);
    for (const element of template.content.querySelectorAll("*")) clean(element);
    return template.innerHTML;
  }
}

function clean(element: Element): void {
  for (const { name, value } of [...element.attributes]) {
    if (!isHarmless(name, value)) element.removeAttribute(name);
  }
  if (element instanceof HTMLAnchorElement) open(element);
  if (element instanceof HTMLButtonElement) element.type = "button";
  if (element instanceof HTMLFormElement) element.replaceWith(...element.childNodes);
}

function isHarmless(name: string, value: string): boolean {
  if (FETCHED.includes(name)) return OWN.test(value.trim());
  if (name === "href") return SAFE_LINK.test(value.trim());
  if (name === "style") return !/url\s*\(|image-set|@import/i.test(value);
  return !name.startsWith("on") && !name.startsWith("data-commandlinker");
}

/** A link opens beside the page, and is told nothing of it. */
function open(link: HTMLAnchorElement): void {
  link.target = "_blank";
  link.rel = "noopener noreferrer";
}
