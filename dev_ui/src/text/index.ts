/** The door of this room: text as one reads it, and how one text differs from another. */

export { codeSoFar, isClosed } from "./blocks";
export { HtmlText } from "./HtmlText";
export { hasHtml } from "./html";
export { difference, isChangeOf } from "./lines";
export { Markdown, plainCode, type ShowCode } from "./Markdown";
