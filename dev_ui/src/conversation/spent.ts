/** What a conversation has taken, in a few words. */

import type { Turn } from "./turns";

/** The part of a limit from which the person is told. */
const NEAR = 0.8;

export interface Spending {
  readonly text: string;
  readonly warning: string;
}

export function spentOn(turns: readonly Turn[]): Spending {
  const tokens = turns.reduce((sum, { spent }) => sum + spent.prompt + spent.completion, 0);
  const costs = turns.flatMap(({ spent }) => (spent.cost === null ? [] : [spent.cost]));
  const dollars = costs.reduce((sum, cost) => sum + cost, 0);
  const cost =
    costs.length > 0 ? ` · ${dollars.toFixed(0 < dollars && dollars < 0.1 ? 3 : 2)} $` : "";
  return { text: tokens > 0 ? `${short(tokens)} tokens${cost}` : "", warning: near(turns.at(-1)) };
}

function near(turn: Turn | undefined): string {
  const budget = turn?.spent.budget;
  if (!budget || budget.used < NEAR * budget.limit) return "";
  return `${short(budget.used)} of ${short(budget.limit)} ${budget.kind} used for this question`;
}

function short(count: number): string {
  if (count < 1000) return String(Math.round(count));
  const thousands = count / 1000;
  return `${thousands.toFixed(thousands < 100 ? 1 : 0)}k`;
}
