/** What the page works on: a server, and the kernel of the notebook that is open. */

import { atom } from "nanostores";
import type { Gone, Kernelspec, LiveKernel, RunningSession, ServerAddress } from "~/kernel";
import { Server } from "~/kernel";
import { Desk } from "~/notebook";
import { addressOfPage, remember, type Storage } from "./addresses";
import { openDialog } from "./dialogs";
import { fail, notify } from "./notices";

export interface Workspace {
  readonly server: Server | null;
  readonly kernel: LiveKernel | null;
  /** The path of the open notebook; empty where none is. */
  readonly path: string;
}

const NOTHING: Workspace = { server: null, kernel: null, path: "" };
/** The kernel with a model beside it. */
export const PREFERRED = "beaker";

export const workspace = atom<Workspace>(NOTHING);

/** What lies open in the middle. */
export const desk = new Desk(workspace);

/** Connect to the server that the page's address names, or that served it; open what was open. */
export function start(location: Location, storage: Storage): void {
  const address = addressOfPage(location, storage);
  if (!address) return;
  connect(address, storage);
  const path = new URLSearchParams(location.hash.slice(1)).get("path");
  if (path) void openNotebook(path);
}

/** Let go of what is open, and turn to a server; what is open on that very one is opened anew. */
export function connect(address: ServerAddress, storage: Storage): void {
  const { server, path } = workspace.get();
  remember(address, storage);
  leave();
  workspace.set({ ...NOTHING, server: new Server(address) });
  if (path && server?.address.baseUrl === address.baseUrl) void openNotebook(path);
}

/** Open a notebook on its kernel: the one that runs for it, or a new one. */
export async function openNotebook(path: string): Promise<void> {
  const { server } = workspace.get();
  if (!server) return;
  keepInAddress(path);
  try {
    await runOn(server, path, async () => server.open(path, await kernelFor(server, path)));
  } catch (error) {
    fail(`can't open ${path}`, error);
    if (isOpen(server, path)) close();
  }
}

/** Run the open notebook on another kernel; the one before ends, and with it its variables. */
export async function changeKernel(spec: Kernelspec): Promise<void> {
  const before = workspace.get();
  const { server, path } = before;
  if (!server || !path) return;
  try {
    await runOn(server, path, () => otherKernel(server, before, spec.name));
    if (isOpen(server, path)) desk.notebook?.useKernel(spec);
  } catch (error) {
    fail(`can't change to ${spec.displayName}`, error);
    if (isOpen(server, path)) await openNotebook(path);
  }
}

/** Run the open notebook on a new kernel of the same kind, in place of one that ended. */
export async function renewKernel({ name }: LiveKernel): Promise<void> {
  const { server, path } = workspace.get();
  if (!server || !path) return;
  try {
    await runOn(server, path, () => server.open(path, name));
    notify({ kind: "done", text: ENDED });
  } catch (error) {
    fail(`can't start ${name} again`, error);
  }
}

const ENDED =
  "The kernel ended, as it does when its server is restarted: its variables are gone. A new one runs; the notebook is as it was.";
const REFUSED =
  "The server doesn't take the token any more, as after a restart. Your work is kept in this browser.";

/** Let go of the kernel of now, and take one that is yet to come, if it is still wanted then. */
async function runOn(
  server: Server,
  path: string,
  coming: () => Promise<LiveKernel>,
): Promise<void> {
  leave();
  workspace.set({ server, kernel: null, path });
  const kernel = await coming();
  if (!isOpen(server, path)) return kernel.dispose();
  workspace.set({ server, kernel, path });
  kernel.gone.listen((why) => {
    if (workspace.get().kernel === kernel) missing(kernel, why);
  });
}

function missing(kernel: LiveKernel, why: Gone | null): void {
  const connectAgain = { title: "connect again", run: () => openDialog("connect") };
  if (why === "ended") void renewKernel(kernel);
  if (why === "refused") notify({ kind: "error", text: REFUSED, action: connectAgain });
}

async function otherKernel(server: Server, at: Workspace, name: string): Promise<LiveKernel> {
  const session = await sessionOf(at);
  return session ? server.changeKernel(session, name) : server.open(at.path, name);
}

/** Close the notebook; its kernel goes on running. */
export function close(): void {
  leave();
  workspace.set({ ...NOTHING, server: workspace.get().server });
  keepInAddress("");
}

/** Follow a file that was renamed, or is gone, if it is the open notebook. */
export async function moved(from: string, to: string | null): Promise<void> {
  const before = workspace.get();
  if (before.path !== from) return;
  if (to === null) return close();
  desk.notebook?.saving.rename(to);
  workspace.set({ ...before, path: to });
  keepInAddress(to);
  const session = await sessionOf(before);
  if (session) await before.server?.moveSession(session, to);
}

async function sessionOf({ server, path }: Workspace): Promise<RunningSession | undefined> {
  return (await server?.sessions())?.find((session) => session.path === path);
}

function leave(): void {
  workspace.get().kernel?.dispose();
}

function isOpen(server: Server, path: string): boolean {
  const now = workspace.get();
  return now.server === server && now.path === path;
}

async function kernelFor(server: Server, path: string): Promise<string> {
  const [specs, { content }] = await Promise.all([server.kernelspecs(), server.files.read(path)]);
  return choose(specs, content.metadata.kernelspec?.name);
}

/** Return the kernel that a notebook asks for, if it is there; else Beaker's, else any. */
export function choose(specs: readonly Kernelspec[], wanted: string | undefined): string {
  const names = specs.map(({ name }) => name);
  const found = [wanted, PREFERRED, "python3"].find((name) => name && names.includes(name));
  return found ?? names[0] ?? PREFERRED;
}

function keepInAddress(path: string): void {
  history.replaceState(null, "", path ? `#${new URLSearchParams({ path })}` : "#");
}
