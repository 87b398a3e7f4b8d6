import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Draft, Drafts } from "./drafts";
import { emptyNotebook } from "./format";
import { type NotebookFiles, Saving, type Stamp, type StoredNotebook } from "./saving";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A folder in memory, whose disk may fail. */
class Folder implements NotebookFiles {
  readonly files = new Map<string, StoredNotebook>();
  broken = "";
  writes = 0;
  #clock = 0;

  place(path: string): string {
    return path;
  }

  async stamp(path: string): Promise<Stamp | null> {
    if (this.broken) throw new Error(this.broken);
    return this.files.get(path) ?? null;
  }

  async read(path: string): Promise<StoredNotebook> {
    const file = this.files.get(path);
    if (!file) throw new Error("no such file");
    return file;
  }

  async write(path: string, content: unknown): Promise<Stamp> {
    if (this.broken) throw new Error(this.broken);
    this.#clock += 1;
    this.writes += 1;
    const file = { content, lastModified: `${this.#clock}` };
    this.files.set(path, file);
    return file;
  }
}

class Kept implements Drafts {
  readonly kept = new Map<string, Draft>();
  get = async (place: string) => this.kept.get(place);
  put = async (place: string, draft: Draft) => void this.kept.set(place, draft);
  delete = async (place: string) => void this.kept.delete(place);
}

function notebook(source: string): unknown {
  return emptyNotebook("beaker", [{ type: "code", source }]);
}

async function opened() {
  const folder = new Folder();
  const drafts = new Kept();
  const work = { now: notebook("first") };
  const stamp = await folder.write("a.ipynb", work.now);
  const loaded = { content: work.now, ...stamp };
  const saving = new Saving(folder, drafts, "a.ipynb", () => work.now, loaded);
  const edit = (source: string) => {
    work.now = notebook(source);
    saving.touch();
  };
  return { folder, drafts, work, saving, edit };
}

const PAUSE = 1_000;

test("a change is saved once, after a pause", async () => {
  const { folder, saving, edit, work } = await opened();
  edit("s");
  await vi.advanceTimersByTimeAsync(PAUSE / 2);
  edit("second");
  expect(saving.state.get().kind).toBe("unsaved");
  await vi.advanceTimersByTimeAsync(PAUSE);
  expect(saving.state.get().kind).toBe("saved");
  expect(folder.writes).toBe(2);
  expect(folder.files.get("a.ipynb")?.content).toBe(work.now);
});

test("a change while it is being saved is saved, too", async () => {
  const { folder, saving, edit, work } = await opened();
  edit("second");
  const saved = saving.save();
  edit("third");
  await saved;
  await vi.advanceTimersByTimeAsync(2 * PAUSE);
  expect(folder.files.get("a.ipynb")?.content).toBe(work.now);
  expect(saving.state.get().kind).toBe("saved");
});

test("what somebody else has written is not overwritten", async () => {
  const { folder, drafts, saving, edit, work } = await opened();
  const theirs = notebook("theirs");
  await folder.write("a.ipynb", theirs);
  edit("mine");
  await vi.advanceTimersByTimeAsync(10 * PAUSE);
  expect(saving.state.get()).toMatchObject({ kind: "conflict", theirs: { content: theirs } });
  expect(folder.files.get("a.ipynb")?.content).toBe(theirs);
  expect(drafts.kept.get("a.ipynb")?.content).toBe(work.now);
});

test("a file that is only touched is no conflict", async () => {
  const { folder, saving, edit, work } = await opened();
  await folder.write("a.ipynb", work.now);
  edit("mine");
  await saving.save();
  expect(saving.state.get().kind).toBe("saved");
});

test("a conflict ends with one's own work, and no draft is left", async () => {
  const { folder, drafts, saving, edit, work } = await opened();
  await folder.write("a.ipynb", notebook("theirs"));
  edit("mine");
  await saving.save();
  await saving.resolve("mine", "");
  expect(folder.files.get("a.ipynb")?.content).toBe(work.now);
  expect(saving.state.get().kind).toBe("saved");
  expect(drafts.kept.size).toBe(0);
});

test("a conflict ends with their work, which is then what we know of", async () => {
  const { folder, saving, edit } = await opened();
  const theirs = notebook("theirs");
  await folder.write("a.ipynb", theirs);
  edit("mine");
  await saving.save();
  await saving.resolve("theirs", "");
  expect(saving.state.get().kind).toBe("saved");
  expect(folder.files.get("a.ipynb")?.content).toBe(theirs);
  edit("more");
  await saving.save();
  expect(saving.state.get().kind).toBe("saved");
});

test("a conflict ends with a copy, and both are there", async () => {
  const { folder, saving, edit, work } = await opened();
  const theirs = notebook("theirs");
  await folder.write("a.ipynb", theirs);
  edit("mine");
  await saving.save();
  await saving.resolve("copy", "a-copy.ipynb");
  expect(saving.path).toBe("a-copy.ipynb");
  expect(folder.files.get("a.ipynb")?.content).toBe(theirs);
  expect(folder.files.get("a-copy.ipynb")?.content).toBe(work.now);
});

test("what can't be saved is kept in the browser, and saved when it can be", async () => {
  const { folder, drafts, saving, edit, work } = await opened();
  folder.broken = "the disk is full";
  edit("mine");
  await saving.save();
  expect(saving.state.get()).toEqual({ kind: "failed", reason: "the disk is full" });
  expect(drafts.kept.get("a.ipynb")?.content).toBe(work.now);
  folder.broken = "";
  await vi.advanceTimersByTimeAsync(10 * PAUSE);
  expect(saving.state.get().kind).toBe("saved");
  expect(folder.files.get("a.ipynb")?.content).toBe(work.now);
  expect(drafts.kept.size).toBe(0);
});

test("a file that was deleted meanwhile is written anew", async () => {
  const { folder, saving, edit } = await opened();
  folder.files.clear();
  edit("mine");
  await saving.save();
  expect(folder.files.has("a.ipynb")).toBe(true);
});
