/** Whether an element is in the window or near it. */

import { type RefObject, useEffect, useState } from "react";

const MARGIN = "800px 0px";
const waiting = new WeakMap<Element, (near: boolean) => void>();
let observer: IntersectionObserver | null = null;

export function useNear(element: RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const watched = element.current;
    if (!watched) return;
    return watch(watched, (isNear) => setNear(isNear || watched.contains(document.activeElement)));
  }, [element]);
  return near;
}

function watch(element: Element, told: (near: boolean) => void): () => void {
  observer ??= new IntersectionObserver(tell, { rootMargin: MARGIN });
  waiting.set(element, told);
  observer.observe(element);
  return () => {
    observer?.unobserve(element);
    waiting.delete(element);
  };
}

function tell(entries: readonly IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) waiting.get(target)?.(isIntersecting);
}
