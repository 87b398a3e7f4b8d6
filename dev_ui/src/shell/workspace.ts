/** What the page works on: a server, and the kernel of the notebook that is open. */

import { atom } from "nanostores";
import type { LiveKernel } from "~/kernel";
import { Server } from "~/kernel";
import { Desk } from "~/notebook";
import { addressOfPage, type Storage } from "./addresses";

export interface Workspace {
  readonly server: Server | null;
  readonly kernel: LiveKernel | null;
  /** The path of the open notebook; empty where none is. */
  readonly path: string;
}

export const workspace = atom<Workspace>({ server: null, kernel: null, path: "" });

/** What lies open in the middle. */
export const desk = new Desk(workspace);

/** Connect to the server that the page's address names, or that served it. */
export function start(location: Location, storage: Storage): void {
  const address = addressOfPage(location, storage);
  if (address) workspace.set({ server: new Server(address), kernel: null, path: "" });
}

/** Open a notebook on a kernel: the one that runs for it, or a new one. */
export async function openNotebook(path: string, kernelName = "beaker"): Promise<void> {
  const { server } = workspace.get();
  if (!server) return;
  workspace.set({ server, kernel: null, path });
  const kernel = await server.open(path, kernelName);
  if (workspace.get().path === path) workspace.set({ server, kernel, path });
}
