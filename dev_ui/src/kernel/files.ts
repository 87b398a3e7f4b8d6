/** The files of a server, below its root. */

import type { INotebookContent } from "@jupyterlab/nbformat";
import { type Contents, type ContentsManager, ServerConnection } from "@jupyterlab/services";
import { FileError } from "./fileError";
import { sendPieces, type UploadOptions } from "./upload";

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

  async exists(path: string): Promise<boolean> {
    try {
      await this.stat(path);
      return true;
    } catch (error) {
      if (error instanceof FileError && error.status === 404) return false;
      throw error;
    }
  }

  /**
   * Send a file, which has its name once it is whole; one that breaks off leaves nothing.
   *
   * @throws FileError - with status 409 where there is such a file, and it isn't to be replaced
   */
  async upload(
    path: string,
    file: Blob,
    { replace, ...how }: UploadOptions & { readonly replace: boolean },
  ): Promise<FileEntry> {
    const part = `${path}.part`;
    try {
      await told(sendPieces(this.#contents, part, file, how));
      if (replace && (await this.exists(path))) await this.remove(path);
      return await this.rename(part, path);
    } catch (error) {
      // Perhaps nothing of it is there; what went wrong first is what counts.
      await this.remove(part).catch(() => undefined);
      throw error;
    }
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
