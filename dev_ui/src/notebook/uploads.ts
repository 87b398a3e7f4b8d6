/** Files on their way to the server: one after the other, and none over another unasked. */

import { atom } from "nanostores";
import { FileError } from "~/kernel/fileError";
import type { FileEntry } from "~/kernel/files";

/** What the server's files must do for it. */
export interface UploadFiles {
  exists(path: string): Promise<boolean>;
  upload(
    path: string,
    file: Blob,
    how: { replace: boolean; progress: (done: number) => void; signal: AbortSignal },
  ): Promise<FileEntry>;
}

export type UploadState =
  | { readonly kind: "waiting" }
  | { readonly kind: "sending"; readonly done: number }
  | { readonly kind: "exists" }
  | { readonly kind: "failed"; readonly reason: string };

export interface Upload {
  readonly path: string;
  readonly file: File;
  readonly replace: boolean;
  readonly end: AbortController;
  readonly state: UploadState;
}

const WAITING: UploadState = { kind: "waiting" };

export class Uploads {
  readonly all = atom<readonly Upload[]>([]);
  #sending = false;

  /** @param arrived - hears of each file that is there */
  constructor(
    private readonly files: UploadFiles,
    private readonly arrived: () => void,
  ) {}

  /** Send files into a folder; one that is on its way already is sent once. */
  add(folder: string, files: readonly File[]): void {
    const known = new Set(this.all.get().map(({ path }) => path));
    const added = files
      .map((file) => ({ file, path: folder ? `${folder}/${file.name}` : file.name }))
      .filter(({ path }) => !known.has(path))
      .map((each) => ({ ...each, replace: false, end: new AbortController(), state: WAITING }));
    this.all.set([...this.all.get(), ...added]);
    void this.#send();
  }

  /** Send it again, over what is there if that is what stood in its way. */
  again(upload: Upload): void {
    const replace = upload.replace || upload.state.kind === "exists";
    this.#change(upload, { state: WAITING, replace });
    void this.#send();
  }

  /** Break it off, or forget that it failed. */
  drop({ end }: Upload): void {
    end.abort();
    this.all.set(this.all.get().filter((each) => each.end !== end));
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    for (let next = this.#next(); next; next = this.#next()) await this.#upload(next);
    this.#sending = false;
  }

  async #upload(upload: Upload): Promise<void> {
    const { path, file, replace, end } = upload;
    const progress = (done: number) => this.#change(upload, { state: { kind: "sending", done } });
    progress(0);
    try {
      if (!replace && (await this.files.exists(path))) throw new FileError("it is there", 409);
      await this.files.upload(path, file, { replace, progress, signal: end.signal });
      this.drop(upload);
      this.arrived();
    } catch (error) {
      this.#change(upload, { state: failed(error) });
    }
  }

  #next(): Upload | undefined {
    return this.all.get().find(({ state }) => state.kind === "waiting");
  }

  /** Note what becomes of an upload, if it wasn't dropped meanwhile. */
  #change({ end }: Upload, change: Partial<Upload>): void {
    this.all.set(this.all.get().map((each) => (each.end === end ? { ...each, ...change } : each)));
  }
}

function failed(error: unknown): UploadState {
  if (error instanceof FileError && error.status === 409) return { kind: "exists" };
  if (error instanceof FileError) return { kind: "failed", reason: error.message };
  // What `fetch` says of a server that is away differs from browser to browser, and helps nobody.
  if (error instanceof TypeError) return { kind: "failed", reason: "the server doesn't answer" };
  return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
}
