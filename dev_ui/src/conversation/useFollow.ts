/** A view that stays at the end of what grows in it, as long as the reader is there. */

import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

const NEAR = 24;

export interface Follow {
  readonly view: RefObject<HTMLDivElement | null>;
  readonly content: RefObject<HTMLDivElement | null>;
  readonly atEnd: boolean;
  toEnd(): void;
}

export function useFollow(): Follow {
  const view = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = useCallback(() => {
    following.current = true;
    view.current?.scrollTo({ top: view.current.scrollHeight });
  }, []);

  useEffect(() => {
    const [box, inner] = [view.current, content.current];
    if (!box || !inner) return;
    const look = () => {
      following.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
      setAtEnd(following.current);
    };
    const grown = new ResizeObserver(() => (following.current ? toEnd() : look()));
    grown.observe(inner);
    grown.observe(box);
    box.addEventListener("scroll", look, { passive: true });
    return () => {
      grown.disconnect();
      box.removeEventListener("scroll", look);
    };
  }, [toEnd]);

  return { view, content, atEnd, toEnd };
}
