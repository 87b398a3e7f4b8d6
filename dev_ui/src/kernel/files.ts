/** The files of a server, below its root. */

import type { INotebookContent } from "@jupyterlab/nbformat";
import { type Contents, type ContentsManager, ServerConnection } from "@jupyterlab/services";

/** A file or folder; `modified` is the server's time, as it writes it. */
export interface FileEntry {
  readonly path: string;
  readonly name: string;
  readonly kind: "notebook" | "folder" | "file";
  readonly modified: string;
  readonly size: number | null;
  readonly writable: boolean;
}

export interface OpenNotebook {
  readonly entry: FileEntry;
  readonly content: INotebookContent;
}

/** The server said no; `status` is that of HTTP. */
export class FileError extends Error {
  override name = "FileError";

  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export class Files {
  readonly #contents: ContentsManager;

  constructor(contents: ContentsManager) {
    this.#contents = contents;
  }

  /** List a folder, the root by "". */
  async list(folder = ""): Promise<FileEntry[]> {
    const { content } = await told(this.#contents.get(folder, { content: true }));
    return (content as Contents.IModel[]).map(entry);
  }

  /** Return what is known of a file without its content. */
  async stat(path: string): Promise<FileEntry> {
    return entry(await told(this.#contents.get(path, { content: false })));
  }

  async read(path: string): Promise<OpenNotebook> {
    const model = await told(this.#contents.get(path, { type: "notebook", content: true }));
    return { entry: entry(model), content: model.content as INotebookContent };
  }

  async readText(path: string): Promise<string> {
    const model = await told(this.#contents.get(path, { type: "file", format: "text" }));
    return model.content as string;
  }

  async write(path: string, content: INotebookContent): Promise<FileEntry> {
    const model = { type: "notebook", format: "json", content } as const;
    return entry(await told(this.#contents.save(path, model)));
  }

  /** Make an empty notebook with a name of the server's choice. */
  async create(folder = ""): Promise<FileEntry> {
    return entry(await told(this.#contents.newUntitled({ path: folder, type: "notebook" })));
  }

  async rename(path: string, to: string): Promise<FileEntry> {
    return entry(await told(this.#contents.rename(path, to)));
  }

  async remove(path: string): Promise<void> {
    await told(this.#contents.delete(path));
  }
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ServerConnection.ResponseError)) throw error;
    throw new FileError(error.message, error.response.status);
  }
}

function entry(model: Contents.IModel): FileEntry {
  const { path, name, last_modified: modified, writable, size } = model;
  const kinds: Record<string, FileEntry["kind"]> = { notebook: "notebook", directory: "folder" };
  return { path, name, kind: kinds[model.type] ?? "file", modified, writable, size: size ?? null };
}
