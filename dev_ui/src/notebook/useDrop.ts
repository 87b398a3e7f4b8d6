/** Files that a person drags from their desktop onto something. */

import { type DragEvent, useState } from "react";

/** What to put on the place; `over` while files are held above it. */
export function useDrop(take: (files: readonly File[]) => void) {
  const [over, setOver] = useState(false);
  const hold = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setOver(true);
  };
  const leave = (event: DragEvent) => {
    const { currentTarget, relatedTarget } = event;
    if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) setOver(false);
  };
  const drop = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setOver(false);
    take([...event.dataTransfer.files]);
  };
  return { over, place: { onDragEnter: hold, onDragOver: hold, onDragLeave: leave, onDrop: drop } };
}
