/** The text of a cell, as an editor needs it; an atom of a string is one. */

import type { Dispose } from "~/kernel/types";

export interface Text {
  get(): string;
  set(text: string): void;
  listen(changed: (text: string) => void): Dispose;
}
