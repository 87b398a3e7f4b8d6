/** Text of terminals, without what colours it. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
const COLOURS = /\x1b\[[0-9;]*m/g;

export function plainText(text: string): string {
  return text.replace(COLOURS, "");
}
