/** Formulas among the outputs; fetched with the first one. */

import "katex/dist/katex.min.css";
import renderMathInElement from "katex/contrib/auto-render";

const DELIMITERS = [
  { left: "$$", right: "$$", display: true },
  { left: "\\[", right: "\\]", display: true },
  { left: "$", right: "$", display: false },
  { left: "\\(", right: "\\)", display: false },
];

/** Set the formulas below a node; one that can't be read stays as it is written. */
export function typeset(node: HTMLElement): void {
  renderMathInElement(node, { delimiters: DELIMITERS, throwOnError: false, trust: false });
}
