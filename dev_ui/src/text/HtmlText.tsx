/** Markdown with HTML in it, sanitised, as it looks without. */

import { useEffect, useRef } from "react";
import { showHtml } from "~/kernel";
import { htmlOf } from "./html";
import styles from "./Markdown.module.css";

const LOOKS: readonly (readonly [string, string | undefined])[] = [
  ["h1, h2, h3, h4, h5, h6", styles.heading],
  ["ul, ol", styles.list],
  ["blockquote", styles.quote],
  ["pre", styles.code],
  [":not(pre) > code", styles.inlineCode],
  ["table", styles.table],
  ["hr", styles.rule],
  ["a", styles.link],
  ["img", styles.image],
];

export function HtmlText({ text }: { text: string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const node = place.current;
    if (!node) return;
    void showHtml(node, htmlOf(text));
    for (const [selector, look] of LOOKS)
      for (const element of node.querySelectorAll(selector)) element.classList.add(look ?? "");
  }, [text]);
  return <div ref={place} className={styles.markdown} />;
}
