/** KaTeX as an answer may use it: no links, no styles, no macros without end. */

import "katex/dist/katex.min.css";
import katex from "katex";

export function typeset(source: string, node: HTMLElement, displayMode: boolean): void {
  katex.render(source, node, { displayMode, throwOnError: false, trust: false, maxExpand: 500 });
}
