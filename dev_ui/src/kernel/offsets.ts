/** Jupyter counts characters, a browser UTF-16 code units: they differ after an emoji. */

/** Return a position counted in code points, given one in UTF-16 code units. */
export function toCodePoints(text: string, units: number): number {
  return [...text.slice(0, units)].length;
}

/** Return a position counted in UTF-16 code units, given one in code points. */
export function toCodeUnits(text: string, points: number): number {
  return [...text].slice(0, points).join("").length;
}
