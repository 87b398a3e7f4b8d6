/** Which notebook lies open: it follows the workspace, and holds one notebook at a time. */

import { atom, type ReadableAtom } from "nanostores";
import type { LiveKernel, Server } from "~/kernel";
import { createOutputs } from "~/kernel";
import { BrowserDrafts } from "./drafts";
import { Notebook, type NotebookPlace } from "./notebook";
import { StoredNotebooks } from "./storedNotebooks";

/** What the desk follows: the page's server, kernel, and the path of the open notebook. */
export interface Workspace {
  readonly server: Server | null;
  readonly kernel: LiveKernel | null;
  readonly path: string;
}

export type OnDesk =
  | { readonly kind: "nothing" }
  | { readonly kind: "opening"; readonly path: string }
  | { readonly kind: "failed"; readonly path: string; readonly reason: string }
  | { readonly kind: "open"; readonly path: string; readonly notebook: Notebook };

export class Desk {
  readonly #now = atom<OnDesk>({ kind: "nothing" });
  readonly #drafts = new BrowserDrafts();
  #server: Server | null = null;

  constructor(private readonly workspace: ReadableAtom<Workspace>) {
    workspace.subscribe(({ server, path, kernel }) => {
      this.#follow(server, path);
      this.#attach(kernel);
    });
  }

  get now(): ReadableAtom<OnDesk> {
    return this.#now;
  }

  get notebook(): Notebook | null {
    const now = this.#now.get();
    return now.kind === "open" ? now.notebook : null;
  }

  /** Read a notebook anew, after it couldn't be read. */
  async open(path: string): Promise<void> {
    const { server } = this.workspace.get();
    if (!server) return;
    await this.#leave();
    this.#now.set({ kind: "opening", path });
    try {
      const files = new StoredNotebooks(server);
      const stored = await files.read(path);
      if (this.#isOpening(path)) this.#show(path, new Notebook(this.#place(files), path, stored));
    } catch (error) {
      if (this.#isOpening(path)) this.#now.set({ kind: "failed", path, reason: told(error) });
    }
  }

  #follow(server: Server | null, path: string): void {
    const now = this.#now.get();
    const before = now.kind === "open" ? now.notebook.saving.path : "path" in now ? now.path : "";
    if (server === this.#server && path === before) return;
    this.#server = server;
    if (server && path) void this.open(path);
    else void this.#leave().then(() => this.#now.set({ kind: "nothing" }));
  }

  #show(path: string, notebook: Notebook): void {
    this.#now.set({ kind: "open", path, notebook });
    this.#attach(this.workspace.get().kernel);
    void notebook.lookForDraft();
  }

  #attach(kernel: LiveKernel | null): void {
    this.notebook?.follow(kernel);
  }

  /** Put the open notebook away, with what was not saved yet. */
  async #leave(): Promise<void> {
    const { notebook } = this;
    if (!notebook) return;
    this.#now.set({ kind: "nothing" });
    await notebook.close();
  }

  #place(files: StoredNotebooks): NotebookPlace {
    const kernel = () => this.workspace.get().kernel;
    return { files, drafts: this.#drafts, createOutputs: () => createOutputs(kernel()), kernel };
  }

  #isOpening(path: string): boolean {
    const now = this.#now.get();
    return now.kind === "opening" && now.path === path;
  }
}

function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
