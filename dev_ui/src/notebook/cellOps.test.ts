import { describe, expect, test } from "vitest";
import type { CellOp } from "~/kernel/protocol";
import { applyCellOp, type CellOpTarget, type Proposal } from "./cellOps";
import { newCell } from "./document";
import { Editing } from "./editing";
import { sha256 } from "./sha256";

class Target implements CellOpTarget {
  readonly ran: string[] = [];
  readonly proposed = new Map<string, Proposal>();
  readonly editing: Editing;

  constructor(...sources: string[]) {
    const cells = sources.map((source, at) => ({ ...newCell("code", source), id: `${at}` }));
    this.editing = new Editing({ cells, metadata: {}, rest: {} });
  }

  below(): string | null {
    return "0";
  }

  run(id: string): void {
    this.ran.push(id);
  }

  propose(id: string, proposal: Proposal): void {
    this.proposed.set(id, proposal);
  }

  get sources(): string[] {
    return this.editing.document.get().cells.map((cell) => cell.source);
  }

  do(op: CellOp["op"], cell: string, expected: string, rest: Partial<CellOp> = {}) {
    const expected_sha256 = expected && sha256(expected);
    return applyCellOp(this, { op, cell_id: cell, expected_sha256, ...rest });
  }
}

test("a hash is that of the text in UTF-8", () => {
  expect(sha256("é")).toBe("4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c");
});

describe("the model", () => {
  test("inserts below the cell it names, or where the person is", () => {
    const target = new Target("a", "b");
    const ack = target.do("insert", "1", "", { source: "c", beaker: { author: "model" } });
    expect(ack).toMatchObject({ ok: true, sha256: sha256("c") });
    expect(target.editing.cell(ack.cell_id)?.metadata).toEqual({ beaker: { author: "model" } });
    target.do("insert", "", "", { source: "d" });
    expect(target.sources).toEqual(["a", "d", "b", "c"]);
  });

  test("replaces a cell that is as it has read it", () => {
    const target = new Target("a");
    const ack = target.do("replace", "0", "a", { source: "b" });
    expect(ack).toEqual({ ok: true, cell_id: "0", sha256: sha256("b") });
    expect(target.sources).toEqual(["b"]);
  });

  test("changes no cell that the person has changed meanwhile", () => {
    const target = new Target("a", "b");
    target.editing.text("0").set("mine");
    for (const op of ["replace", "delete", "move", "run", "diff"] as const) {
      const ack = target.do(op, "0", "a", { source: "theirs", after: "1" });
      expect(ack).toMatchObject({ ok: false, sha256: sha256("mine") });
      expect(ack.reason).toContain("changed");
    }
    expect(target.sources).toEqual(["mine", "b"]);
    expect(target.ran).toEqual([]);
  });

  test("moves and deletes cells, and both can be undone", () => {
    const target = new Target("a", "b", "c");
    target.do("move", "0", "a", { after: "2" });
    expect(target.sources).toEqual(["b", "c", "a"]);
    target.do("move", "2", "c", { after: "" });
    expect(target.sources).toEqual(["c", "b", "a"]);
    target.do("delete", "1", "b");
    target.editing.undo();
    expect(target.sources).toEqual(["c", "b", "a"]);
  });

  test("runs a cell, but no text", () => {
    const target = new Target("a");
    expect(target.do("run", "0", "a").ok).toBe(true);
    target.editing.apply((it) => ({ ...it, cells: [{ ...newCell("markdown"), id: "m" }] }));
    expect(target.do("run", "m", "").ok).toBe(false);
    expect(target.ran).toEqual(["0"]);
  });

  test("proposes a change, which is not made", () => {
    const target = new Target("a");
    expect(target.do("diff", "0", "a", { source: "b" }).ok).toBe(true);
    expect(target.proposed.get("0")).toMatchObject({ source: "b" });
    expect(target.sources).toEqual(["a"]);
  });

  test("is told of a cell that isn't there", () => {
    expect(new Target("a").do("delete", "x", "")).toMatchObject({ ok: false, cell_id: "x" });
    expect(new Target("a").do("insert", "x", "")).toMatchObject({ ok: false });
    expect(new Target("a").do("move", "0", "a", { after: "x" })).toMatchObject({ ok: false });
  });
});
