/** The client library's door. */

export { FileError } from "./fileError";
export type { FileEntry, OpenNotebook } from "./files";
export { showHtml } from "./html";
export { createOutputs } from "./outputs";
export { type Diagnosis, diagnose } from "./probe";
export type { Kernelspec, RunningSession } from "./server";
export { Server } from "./server";
export type * from "./types";
