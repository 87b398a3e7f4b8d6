/** Questions to begin with, made from the variables that are there. */

export interface KnownVariable {
  readonly name: string;
  readonly type: string;
}

const TABLE = /frame|table|tibble/i;
const NUMBERS = /array|series|list|vector|tensor/i;
const GENERAL = [
  "What can you see of this session?",
  "Write a small example of a plot.",
  "Which files are in this folder?",
];

export function starters(variables: readonly KnownVariable[]): string[] {
  const table = variables.findLast(({ type }) => TABLE.test(type));
  const numbers = variables.findLast(({ type }) => NUMBERS.test(type) && !TABLE.test(type));
  const made = [
    table && `What stands out in ${table.name}?`,
    table && `Plot what matters in ${table.name}.`,
    numbers && `How are the values in ${numbers.name} distributed?`,
    ...variables.slice(-1).map(({ name }) => `Explain how ${name} came about.`),
    ...GENERAL,
  ];
  return made.filter((question) => question !== undefined).slice(0, 3);
}
