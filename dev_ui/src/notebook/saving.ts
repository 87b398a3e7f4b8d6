/** Saves a notebook by itself, and overwrites nothing that it hasn't seen. */

import { atom, type ReadableAtom } from "nanostores";
import type { Drafts } from "./drafts";
import { sameNotebook } from "./format";

/** Which version of a file one has: `lastModified` as the contents API says it. */
export interface Stamp {
  readonly lastModified: string;
}

export interface StoredNotebook extends Stamp {
  readonly content: unknown;
}

/** Where notebooks are kept. */
export interface NotebookFiles {
  /** A key for this file that is unlike that of any other server's. */
  place(path: string): string;
  stamp(path: string): Promise<Stamp | null>;
  read(path: string): Promise<StoredNotebook>;
  write(path: string, content: unknown): Promise<Stamp>;
}

export type SaveState =
  | { readonly kind: "saved" }
  | { readonly kind: "unsaved" }
  | { readonly kind: "saving" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "conflict"; readonly theirs: StoredNotebook };

/** What a person may say to a conflict. */
export type Resolution = "mine" | "theirs" | "copy";

const DEBOUNCE_MS = 1_000;
const RETRY_MS = 5_000;

/** The one owner of a notebook's file: it alone writes it. */
export class Saving {
  readonly #state = atom<SaveState>({ kind: "saved" });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;
  #changes = 0;
  #path: string;

  /**
   * @param content - gives what is to be saved, as it is now
   * @param loaded - the file as it was read, which is what we think is there
   */
  constructor(
    private readonly files: NotebookFiles,
    private readonly drafts: Drafts,
    path: string,
    private readonly content: () => unknown,
    private loaded: StoredNotebook,
  ) {
    this.#path = path;
  }

  get state(): ReadableAtom<SaveState> {
    return this.#state;
  }

  get path(): string {
    return this.#path;
  }

  /** Note a change; it is saved after a pause. */
  touch(): void {
    this.#changes += 1;
    const { kind } = this.#state.get();
    if (kind === "conflict") return;
    if (kind === "saved") this.#state.set({ kind: "unsaved" });
    this.#later(DEBOUNCE_MS);
  }

  /** Save now; resolves when it is saved, or when it is known why not. */
  async save(): Promise<void> {
    if (this.#state.get().kind === "conflict") return;
    clearTimeout(this.#timer);
    await this.#running;
    this.#running ??= this.#once().finally(() => {
      this.#running = null;
    });
    await this.#running;
  }

  /** Keep the work in the browser, where it hasn't reached the server. */
  async keepDraft(): Promise<void> {
    if (this.#state.get().kind === "saved") return;
    const draft = { content: this.content(), at: Date.now() };
    await this.drafts.put(this.files.place(this.#path), draft).catch(() => undefined);
  }

  /** End a conflict; with `copy` the work goes on in another file. */
  async resolve(resolution: Resolution, copy: string): Promise<void> {
    const state = this.#state.get();
    if (state.kind !== "conflict") return;
    await this.#forgetDraft();
    if (resolution === "theirs") {
      this.loaded = state.theirs;
      this.#state.set({ kind: "saved" });
      return;
    }
    if (resolution === "copy") this.#path = copy;
    this.#state.set({ kind: "saving" });
    await this.#write();
  }

  /** Go on under another name, after the file has been renamed. */
  rename(path: string): void {
    this.#path = path;
  }

  /** Stop saving by itself. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), ms);
  }

  async #once(): Promise<void> {
    this.#state.set({ kind: "saving" });
    try {
      const theirs = await this.#foreign();
      if (theirs === undefined) return await this.#write();
      this.#state.set({ kind: "conflict", theirs });
      await this.keepDraft();
    } catch (error) {
      await this.#failed(error);
    }
  }

  /** The file, if somebody else has changed it since we saw it. */
  async #foreign(): Promise<StoredNotebook | undefined> {
    const stamp = await this.files.stamp(this.#path);
    if (!stamp || stamp.lastModified === this.loaded.lastModified) return undefined;
    const theirs = await this.files.read(this.#path);
    return sameNotebook(theirs.content, this.loaded.content) ? undefined : theirs;
  }

  async #write(): Promise<void> {
    const changes = this.#changes;
    const content = this.content();
    try {
      const stamp = await this.files.write(this.#path, content);
      this.loaded = { content, lastModified: stamp.lastModified };
    } catch (error) {
      return this.#failed(error);
    }
    await this.#forgetDraft();
    const more = changes !== this.#changes;
    this.#state.set({ kind: more ? "unsaved" : "saved" });
    if (more) this.#later(DEBOUNCE_MS);
  }

  async #failed(error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    this.#state.set({ kind: "failed", reason });
    this.#later(RETRY_MS);
    await this.keepDraft();
  }

  async #forgetDraft(): Promise<void> {
    await this.drafts.delete(this.files.place(this.#path)).catch(() => undefined);
  }
}
