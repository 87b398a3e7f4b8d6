/** Files from the person's machine, sent to the server in pieces. */

import type { Contents, ContentsManager } from "@jupyterlab/services";

const PIECE = 1024 * 1024;
/** The number of the last piece, as the contents API counts. */
const LAST = -1;

export interface UploadOptions {
  /** Hears how much is there, from 0 to 1. */
  readonly progress: (done: number) => void;
  /** Breaks it off. */
  readonly signal: AbortSignal;
}

/** Send a file piece by piece; what isn't whole yet should have a name of its own. */
export async function sendPieces(
  contents: ContentsManager,
  path: string,
  file: Blob,
  { progress, signal }: UploadOptions,
): Promise<void> {
  const count = Math.max(1, Math.ceil(file.size / PIECE));
  for (let at = 0; at < count; at++) {
    signal.throwIfAborted();
    const piece = file.slice(at * PIECE, (at + 1) * PIECE);
    await contents.save(path, await model(piece, at + 1, count));
    progress((at + 1) / count);
  }
}

async function model(
  piece: Blob,
  number: number,
  count: number,
): Promise<Partial<Contents.IModel>> {
  const whole = { type: "file", format: "base64", content: await base64(piece) } as const;
  return count === 1 ? whole : { ...whole, chunk: number === count ? LAST : number };
}

/** @throws Error - it is a folder, or the browser may not read it any more */
function base64(piece: Blob): Promise<string> {
  const reader = new FileReader();
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(new Error("the browser can't read it (a folder can't be sent)"));
    reader.readAsDataURL(piece);
  });
}
