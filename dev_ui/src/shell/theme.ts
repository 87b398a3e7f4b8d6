/** Light or dark: as the system says, unless the person has said otherwise. */

import { atom, onMount } from "nanostores";

export type Theme = "system" | "light" | "dark";

const KEPT = "beaker.theme";
const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

export const theme = atom<Theme>("system");

onMount(theme, () => {
  theme.set(known(localStorage.getItem(KEPT)));
  return theme.subscribe((now) => {
    localStorage.setItem(KEPT, now);
    document.documentElement.dataset.theme = now;
  });
});

export function nextTheme(): void {
  theme.set(NEXT[theme.get()]);
}

function known(kept: string | null): Theme {
  return kept === "light" || kept === "dark" ? kept : "system";
}
