import { useStore } from "@nanostores/react";
import type { KeyboardEvent, PointerEvent } from "react";
import { layout, limits, resize, type Side } from "./layout";
import styles from "./Separator.module.css";

const STEP = 16;

/** The line between two columns: drag it, or move it by the arrow keys. */
export function Separator({ side }: { side: Side }) {
  const width = useStore(layout)[`${side}Width`];
  const grows = side === "files" ? 1 : -1;
  const [least, most] = limits(side);

  function drag(event: PointerEvent<HTMLElement>): void {
    if (event.currentTarget.hasPointerCapture(event.pointerId))
      resize(side, width + grows * event.movementX);
  }

  function step(event: KeyboardEvent): void {
    const steps = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (steps) resize(side, width + grows * steps);
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> can't be focused and moved
    <div
      className={styles.separator}
      role="separator"
      aria-label={`width of the ${side}`}
      aria-orientation="vertical"
      aria-valuenow={width}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={step}
    />
  );
}
