/** What the page tells in passing: something happened, to what, and the next step. */

import { atom } from "nanostores";

export interface Notice {
  readonly id: number;
  readonly kind: "error" | "done";
  readonly text: string;
  readonly action?: { readonly title: string; run(): void };
}

const MOST = 4;

export const notices = atom<readonly Notice[]>([]);

/** Show a notice until it is put away. */
export function notify(notice: Omit<Notice, "id">): number {
  const id = (notices.get().at(-1)?.id ?? 0) + 1;
  notices.set([...notices.get(), { ...notice, id }].slice(-MOST));
  return id;
}

export function putAway(id: number): void {
  notices.set(notices.get().filter((notice) => notice.id !== id));
}

/** Say what failed, with the reason. */
export function fail(what: string, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  notify({ kind: "error", text: `${what}: ${reason}` });
}
