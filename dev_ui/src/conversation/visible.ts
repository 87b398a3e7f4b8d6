/** Code as it is: characters that one can't see, or that move others about, written out. */

/** Control, format and private characters, blanks, and what draws nothing; `policy.py` has the same. */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** A stretch of code, or one hidden character by its number. */
export interface Stretch {
  readonly text: string;
  readonly hidden: boolean;
}

export function visible(code: string): Stretch[] {
  const stretches: Stretch[] = [];
  let plain = "";
  for (const character of code) {
    if (!isHidden(character)) {
      plain += character;
      continue;
    }
    if (plain) stretches.push({ text: plain, hidden: false });
    plain = "";
    stretches.push({ text: named(character), hidden: true });
  }
  return plain ? [...stretches, { text: plain, hidden: false }] : stretches;
}

function isHidden(character: string): boolean {
  return HIDDEN.test(character) && !" \n\t".includes(character);
}

function named(character: string): string {
  const number = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return `⟨U+${number.padStart(4, "0")}⟩`;
}
