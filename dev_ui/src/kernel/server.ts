/** A Jupyter Server: its kernels, its sessions, its files. */

import {
  ContentsManager,
  KernelConnection,
  type KernelSpec,
  KernelSpecAPI,
  ServerConnection,
  type Session,
  SessionAPI,
} from "@jupyterlab/services";
import { atom } from "nanostores";
import { Files } from "./files";
import { KernelWatch } from "./goneKernel";
import { takeLeft } from "./leftRuns";
import { Live } from "./live";
import { ticketSocket } from "./tickets";
import type { Gone, ServerAddress } from "./types";

/** A kernel that runs for a notebook. */
export interface RunningSession {
  readonly id: string;
  readonly path: string;
  readonly kernelId: string;
  readonly kernelName: string;
}

/** A kind of kernel that the server can start. */
export interface Kernelspec {
  readonly name: string;
  readonly displayName: string;
  readonly language: string;
}

export class Server {
  readonly files: Files;
  readonly #settings: ServerConnection.ISettings;

  constructor(readonly address: ServerAddress) {
    const { baseUrl, token } = address;
    this.#settings = ServerConnection.makeSettings({
      baseUrl,
      wsUrl: baseUrl.replace(/^http/, "ws"),
      token,
      appendToken: false,
      WebSocket: ticketSocket(address),
    });
    this.files = new Files(new ContentsManager({ serverSettings: this.#settings }));
  }

  /** Name a file unlike any other server's. */
  place(path: string): string {
    return `${this.address.baseUrl} ${path}`;
  }

  async kernelspecs(): Promise<Kernelspec[]> {
    const { kernelspecs } = await KernelSpecAPI.getSpecs(this.#settings);
    return Object.values(kernelspecs).filter(isThere).map(described);
  }

  async sessions(): Promise<RunningSession[]> {
    return (await SessionAPI.listRunning(this.#settings)).map(running);
  }

  /** Connect to the kernel of a notebook, which is started where none runs. */
  async open(path: string, kernelName: string): Promise<Live> {
    const name = path.split("/").at(-1) ?? path;
    const options = { path, name, type: "notebook", kernel: { name: kernelName } };
    const session = await SessionAPI.startSession(options, this.#settings);
    return this.#connect(session);
  }

  /** Have the session follow a file that was renamed. */
  async moveSession(session: RunningSession, path: string): Promise<void> {
    await SessionAPI.updateSession({ id: session.id, path }, this.#settings);
  }

  /** Have another kernel run for a notebook; the one before ends, with all that it holds. */
  async changeKernel({ id }: RunningSession, kernelName: string): Promise<Live> {
    const session = await SessionAPI.updateSession(
      { id, kernel: { name: kernelName } },
      this.#settings,
    );
    return this.#connect(session);
  }

  #connect(session: Session.IModel): Live {
    if (!session.kernel) throw new Error(`no kernel runs for ${session.path}`);
    const gone = atom<Gone | null>(null);
    const kernelAPIClient = new KernelWatch(this.#settings, (why) => gone.set(why));
    const left = takeLeft(session.kernel.id);
    const options = { model: session.kernel, serverSettings: this.#settings, kernelAPIClient };
    const client = left ? { clientId: left.client } : {};
    const connection = new KernelConnection({ ...options, ...client });
    return new Live(connection, gone, this.place(session.path), left ?? undefined);
  }
}

function isThere(spec: KernelSpec.ISpecModel | undefined): spec is KernelSpec.ISpecModel {
  return spec !== undefined;
}

function described(spec: KernelSpec.ISpecModel): Kernelspec {
  return { name: spec.name, displayName: spec.display_name, language: spec.language };
}

function running(session: Session.IModel): RunningSession {
  const { id, path, kernel } = session;
  return { id, path, kernelId: kernel?.id ?? "", kernelName: kernel?.name ?? "" };
}
