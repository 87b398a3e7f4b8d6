/** Keys as the table of commands writes them: "Mod+Shift+K"; Mod is ⌘ on a Mac, else Ctrl. */

export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

const MAC_SIGNS: Record<string, string> = { Mod: "⌘", Alt: "⌥", Shift: "⇧" };
const SIGNS: Record<string, string> = {
  ArrowDown: "↓",
  ArrowUp: "↑",
  Enter: "⏎",
  Escape: "Esc",
  Mod: "Ctrl",
};

export function onMac(platform: string = navigator.platform): boolean {
  return platform.startsWith("Mac");
}

export function chordOf(event: Pressed, mac: boolean = onMac()): string {
  const mod = mac ? event.metaKey : event.ctrlKey;
  const held = [mod && "Mod", event.altKey && "Alt", event.shiftKey && "Shift"].filter(Boolean);
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return [...held, key].join("+");
}

/** Return how a chord is written for people, key by key. */
export function signs(chord: string, mac: boolean = onMac()): string[] {
  const written = mac ? { ...SIGNS, ...MAC_SIGNS } : SIGNS;
  return chord.split(/[+ ]/).map((key) => written[key] ?? key);
}
