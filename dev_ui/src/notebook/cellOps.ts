/** The model's changes to the notebook: made where a cell is as expected, and acknowledged. */

import type { CellAck, CellOp } from "~/kernel/protocol";
import {
  change,
  type DocumentCell,
  type Edit,
  indexOf,
  inOrder,
  insert,
  moveBelow,
  type NotebookDocument,
  newCell,
  noteProvenance,
  remove,
} from "./document";
import type { Editing } from "./editing";
import { sha256 } from "./sha256";

/** What the model would make of a cell; without `source` it would delete it. */
export interface Proposal {
  readonly op: CellOp;
  readonly source: string | null;
}

/** What a notebook does that isn't an edit of its content. */
export interface CellOpTarget {
  readonly editing: Editing;
  /** The cell below which new ones go where the model names none. */
  below(): string | null;
  run(id: string, beaker: Record<string, unknown> | undefined): void;
  propose(id: string, proposal: Proposal): void;
}

/** Do what the model wishes, or say why not. */
export function applyCellOp(target: CellOpTarget, op: CellOp): CellAck {
  if (op.op === "insert") return insertCell(target, op);
  const cell = target.editing.cell(op.cell_id);
  if (!cell) return refused(op, "", "there is no such cell");
  const now = sha256(cell.source);
  if (op.expected_sha256 && op.expected_sha256 !== now) {
    return refused(op, now, "the cell has been changed since it was read");
  }
  return changeCell(target, op, cell);
}

function changeCell(target: CellOpTarget, op: CellOp, cell: DocumentCell): CellAck {
  const done = { ok: true, cell_id: cell.id, sha256: sha256(cell.source) };
  switch (op.op) {
    case "diff":
      target.propose(cell.id, { op, source: op.source ?? null });
      return done;
    case "run":
      if (cell.type !== "code") return refused(op, done.sha256, "only code cells can be run");
      target.run(cell.id, op.beaker);
      return done;
    default:
      return edit(target.editing, op, cell);
  }
}

function edit(editing: Editing, op: CellOp, cell: DocumentCell): CellAck {
  if (op.op === "move" && op.after && !editing.cell(op.after)) {
    return refused(op, sha256(cell.source), "there is no cell to put it below");
  }
  editing.apply(editFor(op, cell.id));
  return { ok: true, cell_id: cell.id, sha256: sha256(editing.cell(cell.id)?.source ?? "") };
}

/** The edit that an operation, or a proposal that was taken, stands for. */
export function editFor(op: CellOp, id: string): Edit {
  const noted = op.beaker ? noteProvenance(id, op.beaker) : unchanged;
  if (op.op === "move") return inOrder(moveBelow(new Set([id]), op.after || null), noted);
  if (op.op === "delete" || op.source === undefined) return remove(new Set([id]));
  return inOrder(change(id, { source: op.source }), noted);
}

function insertCell(target: CellOpTarget, op: CellOp): CellAck {
  const { editing } = target;
  const cell = newCell("code", op.source ?? "", op.beaker ? { beaker: op.beaker } : {});
  const below = op.cell_id || target.below();
  const at = below === null ? -1 : indexOf(editing.document.get(), below);
  if (op.cell_id && at < 0) return refused(op, "", "there is no cell to put it below");
  const end = editing.document.get().cells.length;
  editing.apply(insert(at < 0 ? end : at + 1, cell));
  return { ok: true, cell_id: cell.id, sha256: sha256(cell.source) };
}

function refused(op: CellOp, hash: string, reason: string): CellAck {
  return { ok: false, cell_id: op.cell_id, sha256: hash, reason };
}

function unchanged(document: NotebookDocument): NotebookDocument {
  return document;
}
