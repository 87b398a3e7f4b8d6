import { expect, test } from "vitest";
import { FileError } from "~/kernel/fileError";
import type { FileEntry } from "~/kernel/files";
import { type UploadFiles, type UploadState, Uploads } from "./uploads";

type Sent = Parameters<UploadFiles["upload"]>;

/** A folder whose uploads end when the test says so. */
class Folder implements UploadFiles {
  readonly sent: { path: string; how: Sent[2]; end: (error?: unknown) => void }[] = [];

  constructor(readonly there: readonly string[] = []) {}

  async exists(path: string): Promise<boolean> {
    return this.there.includes(path);
  }

  upload(path: string, _: Blob, how: Sent[2]): Promise<FileEntry> {
    return new Promise((resolve, reject) => {
      const end = (error?: unknown) => (error ? reject(error) : resolve({} as FileEntry));
      this.sent.push({ path, how, end });
    });
  }
}

const file = (name: string) => new File(["x"], name);
const settled = () => new Promise((resolve) => setTimeout(resolve));

function states(uploads: Uploads): UploadState[] {
  return uploads.all.get().map(({ state }) => state);
}

test("files are sent one after the other, and each that is there is told", async () => {
  const folder = new Folder();
  let arrived = 0;
  const uploads = new Uploads(folder, () => {
    arrived += 1;
  });
  uploads.add("data", [file("a.csv"), file("b.csv")]);
  await settled();
  expect(folder.sent.map(({ path }) => path)).toEqual(["data/a.csv"]);
  expect(states(uploads)).toEqual([{ kind: "sending", done: 0 }, { kind: "waiting" }]);
  folder.sent[0]?.end();
  await settled();
  expect(folder.sent.map(({ path }) => path)).toEqual(["data/a.csv", "data/b.csv"]);
  expect(arrived).toBe(1);
});

test("a file that is there is replaced only when the person says so", async () => {
  const folder = new Folder(["a.csv"]);
  const uploads = new Uploads(folder, () => {});
  uploads.add("", [file("a.csv")]);
  await settled();
  expect(folder.sent).toEqual([]);
  expect(states(uploads)).toEqual([{ kind: "exists" }]);
  for (const upload of uploads.all.get()) uploads.again(upload);
  await settled();
  expect(folder.sent[0]?.how.replace).toBe(true);
});

test("a file that came there meanwhile is not replaced, either", async () => {
  const folder = new Folder();
  const uploads = new Uploads(folder, () => {});
  uploads.add("", [file("a.csv")]);
  await settled();
  folder.sent[0]?.end(new FileError("file exists", 409));
  await settled();
  expect(states(uploads)).toEqual([{ kind: "exists" }]);
});

test("one that fails says why, and doesn't hold up the others", async () => {
  const folder = new Folder();
  const uploads = new Uploads(folder, () => {});
  uploads.add("", [file("a.csv"), file("b.csv")]);
  await settled();
  folder.sent[0]?.end(new TypeError("Failed to fetch"));
  await settled();
  expect(states(uploads)[0]).toEqual({ kind: "failed", reason: "the server doesn't answer" });
  expect(folder.sent[1]?.path).toBe("b.csv");
});

test("one that is dropped is broken off, and may be sent anew", async () => {
  const folder = new Folder();
  const uploads = new Uploads(folder, () => {});
  uploads.add("", [file("a.csv")]);
  await settled();
  for (const upload of uploads.all.get()) uploads.drop(upload);
  expect(folder.sent[0]?.how.signal.aborted).toBe(true);
  uploads.add("", [file("a.csv")]);
  folder.sent[0]?.end(folder.sent[0].how.signal.reason);
  await settled();
  expect(states(uploads)).toEqual([{ kind: "sending", done: 0 }]);
});
