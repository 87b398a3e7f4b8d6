/** How the columns stand: remembered by the browser, and other in a narrow window. */

import { atom, onMount } from "nanostores";

export interface Layout {
  readonly files: boolean;
  readonly conversation: boolean;
  readonly filesWidth: number;
  readonly conversationWidth: number;
}

export type Side = "files" | "conversation";
export type Room = "files" | "notebook" | "conversation";

const KEPT = "beaker.layout";
const INITIAL: Layout = {
  files: true,
  conversation: true,
  filesWidth: 208,
  conversationWidth: 420,
};
const WIDTHS: Record<Side, readonly [number, number]> = {
  files: [140, 400],
  conversation: [300, 800],
};

export const layout = atom<Layout>(INITIAL);

/** The conversation in a window too narrow for three columns. */
export const drawer = atom(false);

/** The room that a window too narrow for two shows. */
export const room = atom<Room>("notebook");

/** Whether there is too little room for three columns. */
export const narrow = atom(false);

onMount(layout, () => {
  layout.set(recalled(localStorage.getItem(KEPT)));
  return layout.listen((now) => localStorage.setItem(KEPT, JSON.stringify(now)));
});

onMount(narrow, () => {
  const query = matchMedia("(max-width: 899px)");
  const follow = (): void => narrow.set(query.matches);
  follow();
  query.addEventListener("change", follow);
  return () => query.removeEventListener("change", follow);
});

export function recalled(kept: string | null): Layout {
  return kept ? { ...INITIAL, ...(JSON.parse(kept) as Partial<Layout>) } : INITIAL;
}

/** Show or hide a column. */
export function toggle(side: Side): void {
  if (side === "conversation" && narrow.get()) drawer.set(!drawer.get());
  else layout.set({ ...layout.get(), [side]: !layout.get()[side] });
}

/** Make a room visible, in whatever form the window has room for. */
export function show(wanted: Room): void {
  room.set(wanted);
  if (wanted === "notebook") drawer.set(false);
  else if (wanted === "conversation" && narrow.get()) drawer.set(true);
  else layout.set({ ...layout.get(), [wanted]: true });
}

export function resize(side: Side, width: number): void {
  const [least, most] = WIDTHS[side];
  const fitting = Math.round(Math.min(most, Math.max(least, width)));
  layout.set({ ...layout.get(), [`${side}Width`]: fitting });
}

export function limits(side: Side): readonly [number, number] {
  return WIDTHS[side];
}
