/** What HTML wants beyond being read: scripts of its own, styles of its own. */

export interface ActiveHtml {
  readonly hasScripts: boolean;
  /** Whether there is nothing in it but scripts: it may be a library for other outputs. */
  readonly isLibrary: boolean;
  /** Whether there is nothing to see before its scripts have run. */
  readonly isBlank: boolean;
  readonly styles: readonly string[];
}

const SCRIPT = "script:not([type$=json])";
const UNSEEN = "script, style, link, meta";
const SEEN = "img, svg, table, hr, button, input, select, textarea";

export function readHtml(source: string): ActiveHtml {
  const { content } = Object.assign(document.createElement("template"), { innerHTML: source });
  const elements = [...content.querySelectorAll("*")];
  const hasScripts = content.querySelector(SCRIPT) !== null || elements.some(hasHandler);
  // A style that names its scope, as each table of pandas has, changes next to nothing.
  const styles = [...content.querySelectorAll<HTMLStyleElement>("style:not([scoped])")];
  for (const unseen of content.querySelectorAll(UNSEEN)) unseen.remove();
  const isBlank = !content.textContent?.trim() && !content.querySelector(SEEN);
  return {
    hasScripts,
    isLibrary: hasScripts && isBlank && content.childElementCount === 0,
    isBlank,
    styles: styles.filter((it) => it instanceof HTMLStyleElement).map((it) => it.textContent ?? ""),
  };
}

function hasHandler({ attributes }: Element): boolean {
  return [...attributes].some(({ name }) => name.startsWith("on"));
}
