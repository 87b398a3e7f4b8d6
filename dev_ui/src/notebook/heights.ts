/** How high cells are that aren't shown, so that the scroll bar is right. */

import { type RefObject, useEffect, useRef } from "react";
import type { IOutput } from "~/kernel/types";

const LINE = 20;
const IMAGE = 300;
const MOST = 320;

/** How high an element was when it was last shown; 0 before. */
export function useHeight(place: RefObject<HTMLElement | null>, shown: boolean): number {
  const height = useRef(0);
  useEffect(() => {
    const { current } = place;
    if (!shown || !current) return;
    const observer = new ResizeObserver(() => {
      height.current = current.clientHeight;
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, [place, shown]);
  return height.current;
}

/** How high a cell with these outputs may be, besides its code. */
export function estimatedHeight(outputs: readonly IOutput[]): number {
  const sum = outputs.reduce((height, output) => height + outputHeight(output), 0);
  return sum === 0 ? 0 : Math.min(sum, MOST) + 3 * LINE;
}

function outputHeight({ text, data }: IOutput): number {
  if (data && typeof data === "object" && "image/png" in data) return IMAGE;
  const lines = Array.isArray(text) ? text.length : String(text ?? "").split("\n", 20).length;
  return lines * LINE;
}
