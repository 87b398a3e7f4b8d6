/** Notebooks in the files of a server. */

import type { INotebookContent, Server } from "~/kernel";
import { FileError } from "~/kernel";
import type { NotebookFiles, Stamp, StoredNotebook } from "./saving";

export class StoredNotebooks implements NotebookFiles {
  constructor(private readonly server: Server) {}

  place(path: string): string {
    return this.server.place(path);
  }

  async stamp(path: string): Promise<Stamp | null> {
    try {
      return { lastModified: (await this.server.files.stat(path)).modified };
    } catch (error) {
      if (error instanceof FileError && error.status === 404) return null;
      throw error;
    }
  }

  async read(path: string): Promise<StoredNotebook> {
    const { entry, content } = await this.server.files.read(path);
    return { content, lastModified: entry.modified };
  }

  async write(path: string, content: unknown): Promise<Stamp> {
    const entry = await this.server.files.write(path, content as INotebookContent);
    return { lastModified: entry.modified };
  }
}
