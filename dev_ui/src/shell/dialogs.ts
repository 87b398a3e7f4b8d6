/** Which dialog is open: one at most. */

import { atom } from "nanostores";

export type DialogName = "connect" | "help" | "kernel" | "palette";

export const dialog = atom<DialogName | null>(null);

export function openDialog(name: DialogName): void {
  dialog.set(name);
}

export function closeDialog(): void {
  dialog.set(null);
}
