import { expect, test } from "vitest";
import type { LiveKernel, Outputs } from "~/kernel/types";
import type { Drafts } from "./drafts";
import { Notebook, type NotebookPlace } from "./notebook";
import type { NotebookFiles } from "./saving";
import { sha256 } from "./sha256";

const MODEL = { author: "model", sha256: sha256("x = 1"), approved_by: "the person" };

/** A notebook of one cell, and the answers that its runs wait for. */
function opened(metadata: Record<string, unknown>) {
  const answers: (() => void)[] = [];
  const outputs = {
    run: () =>
      new Promise((resolve) => answers.push(() => resolve({ status: "ok", executionCount: 1 }))),
    toJSON: () => [],
  } as unknown as Outputs;
  const place: NotebookPlace = {
    files: { place: () => "" } as unknown as NotebookFiles,
    drafts: {} as Drafts,
    createOutputs: () => outputs,
    kernel: () => ({}) as LiveKernel,
  };
  const cell = { cell_type: "code", id: "a", source: "x = 1", metadata, outputs: [] };
  const content = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  const notebook = new Notebook(place, "a.ipynb", { content, lastModified: "" });
  return { notebook, answers, metadata: () => notebook.editing.cell("a")?.metadata };
}

test("a cell of the model says which source the person ran, beside what it said", () => {
  const { notebook, metadata } = opened({ tags: ["t"], beaker: MODEL });
  notebook.editing.text("a").set("x = 2");
  notebook.run("a");
  const ran = { run_by: "person", ran_sha256: sha256("x = 2") };
  expect(metadata()).toEqual({ tags: ["t"], beaker: { ...MODEL, ...ran } });
});

test("what is noted is the source that is sent, not the one that was asked for", async () => {
  const { notebook, answers, metadata } = opened({ beaker: MODEL });
  notebook.run("a");
  notebook.run("a");
  notebook.editing.text("a").set("x = 3");
  expect(metadata()?.beaker).toMatchObject({ ran_sha256: sha256("x = 1") });
  answers.shift()?.();
  await expect.poll(() => answers.length).toBe(1);
  expect(metadata()?.beaker).toMatchObject({ ran_sha256: sha256("x = 3") });
});

test("a run is no step that one undoes, and takes none away", () => {
  const { notebook, metadata } = opened({ beaker: MODEL });
  notebook.editing.text("a").set("x = 2");
  notebook.run("a");
  notebook.undo();
  expect(notebook.editing.text("a").get()).toBe("x = 1");
  expect(metadata()?.beaker).toMatchObject({ run_by: "person", ran_sha256: sha256("x = 2") });
  notebook.redo();
  expect(notebook.editing.text("a").get()).toBe("x = 2");
});

test("a run that changes nothing is not noted anew", async () => {
  const { notebook, answers } = opened({ beaker: MODEL });
  notebook.run("a");
  const before = notebook.editing.document.get();
  answers.shift()?.();
  notebook.run("a");
  await expect.poll(() => answers.length).toBe(1);
  expect(notebook.editing.document.get()).toBe(before);
});

test.each([{}, { tags: ["t"] }, { beaker: { author: "person" } }, { beaker: "?" }])(
  "a cell that the model didn't write stays as it is: %j",
  (metadata) => {
    const { notebook } = opened(metadata);
    const before = notebook.editing.document.get();
    notebook.run("a");
    expect(notebook.editing.document.get()).toBe(before);
  },
);

test("what the model runs says what the model says", () => {
  const { notebook, metadata } = opened({ beaker: MODEL });
  notebook.runForModel("a", { run_by: "model", ran_sha256: "1" });
  expect(metadata()?.beaker).toEqual({ ...MODEL, run_by: "model", ran_sha256: "1" });
});
