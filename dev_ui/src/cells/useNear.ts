/** Whether an element is in the window or near it; what comes near is made in turn, not at once. */

import { type RefObject, useEffect, useState } from "react";
import { flushSync } from "react-dom";

const MARGIN = "600px 0px";
/** What one frame may spend on what has come near: the rest belongs to scrolling and typing. */
const BUDGET_MS = 6;

type Tell = (near: boolean) => void;

const watched = new Map<Element, Tell>();
const turned = new Map<Element, boolean>();
let observer: IntersectionObserver | null = null;
let _frame = 0;

/** @param first - whether to suppose at first that it is near */
export function useNear(element: RefObject<HTMLElement | null>, first = false): boolean {
  const [near, setNear] = useState(first);
  useEffect(() => {
    const node = element.current;
    if (!node) return;
    return watch(node, (isNear) => setNear(isNear || node.contains(document.activeElement)));
  }, [element]);
  return near;
}

function watch(node: Element, tell: Tell): () => void {
  observer ??= new IntersectionObserver(note, { rootMargin: MARGIN, scrollMargin: MARGIN });
  watched.set(node, tell);
  observer.observe(node);
  return () => {
    observer?.unobserve(node);
    watched.delete(node);
    turned.delete(node);
  };
}

function note(entries: readonly IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    turned.delete(target);
    turned.set(target, isIntersecting);
  }
  _frame ||= requestAnimationFrame(tellSome);
}

/** Tell those that came last first: they are where the person is now. */
function tellSome(): void {
  _frame = 0;
  const until = performance.now() + BUDGET_MS;
  for (const [node, near] of [...turned].reverse()) {
    turned.delete(node);
    flushSync(() => watched.get(node)?.(near));
    if (performance.now() > until) break;
  }
  if (turned.size > 0) _frame = requestAnimationFrame(tellSome);
}
