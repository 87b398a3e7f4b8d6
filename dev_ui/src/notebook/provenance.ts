/** What a cell's metadata say of how its code came there, in words. */

import { type DocumentCell, isRecord } from "./document";
import { sha256 } from "./sha256";

export function provenance(cell: DocumentCell): string | null {
  const beaker = cell.metadata.beaker;
  if (!isRecord(beaker)) return null;
  if (typeof beaker.author !== "string") return ranBy(beaker);
  const edited = typeof beaker.sha256 === "string" && beaker.sha256 !== sha256(cell.source);
  return [by(beaker.author), approved(beaker), edited ? "edited since" : ""]
    .filter(Boolean)
    .join(" · ");
}

function ranBy(beaker: Record<string, unknown>): string | null {
  return typeof beaker.run_by === "string" ? `run ${by(beaker.run_by)}` : null;
}

function by(author: string): string {
  return author === "model" ? "by the model" : `by ${author}`;
}

function approved(beaker: Record<string, unknown>): string {
  const name = beaker.approved_by;
  return typeof name === "string" && name ? `approved by ${name}` : "";
}
