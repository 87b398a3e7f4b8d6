/** Which cells of the notebook wait for the person's word, each with the approval that waits. */

import { isAwaited, type Turn, type Turns } from "./turns";

export type WaitingCells = ReadonlyMap<string, string>;

const NONE: WaitingCells = new Map();

/** Return approvals by the cell that the tool was given; the same value as long as there are none. */
export function waitingCells({ turns }: Turns): WaitingCells {
  const found = turns.flatMap(waitingIn);
  return found.length === 0 ? NONE : new Map(found);
}

function waitingIn(turn: Turn): [cell: string, approval: string][] {
  const approval = turn.parts.find(isAwaited);
  const tool = turn.parts.findLast((part) => part.kind === "tool" && part.state === "running");
  const cell = tool?.kind === "tool" ? cellIn(tool.input) : null;
  return approval && cell ? [[cell, approval.request.approval_id]] : [];
}

function cellIn(input: unknown): string | null {
  if (typeof input !== "object" || input === null || !("cell_id" in input)) return null;
  return typeof input.cell_id === "string" ? input.cell_id : null;
}
