/** The comm over which the model wishes for changes of the notebook, and gets its word on each. */

import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { CellAck, CellOp, Envelope } from "./protocol";
import type { CellOpHandler, Dispose, HistoryKeeper, NotebookReader } from "./types";

const TARGET = "beaker";
const CAN = { beaker: { capabilities: ["cells"] } };

export class CellChannel {
  readonly #connection: Kernel.IKernelConnection;
  #comm: Kernel.IComm | null = null;
  #onCellOp: CellOpHandler | null = null;
  #read: NotebookReader | null = null;
  #keep: HistoryKeeper | null = null;

  constructor(connection: Kernel.IKernelConnection) {
    this.#connection = connection;
  }

  onCellOp(handler: CellOpHandler): Dispose {
    this.#onCellOp = handler;
    if (!this.#comm) this.reopen();
    return () => {
      if (this.#onCellOp === handler) this.#onCellOp = null;
    };
  }

  onNotebookState(read: NotebookReader): Dispose {
    this.#read = read;
    return () => {
      if (this.#read === read) this.#read = null;
    };
  }

  onHistory(keep: HistoryKeeper): Dispose {
    this.#keep = keep;
    return () => {
      if (this.#keep === keep) this.#keep = null;
    };
  }

  /** Have the notebook keep the conversation: told on the comm to cells that ask, else on iopub. */
  keep(history: Record<string, unknown>): void {
    this.#keep?.(history);
  }

  /** Open the comm, anew where the kernel has forgotten it. */
  reopen(): void {
    if (!this.#onCellOp) return;
    this.#comm?.dispose();
    this.#comm = this.#connection.createComm(TARGET);
    this.#comm.onMsg = (message) => this.#answer(message);
    this.#comm.open(CAN);
  }

  async #answer(message: KernelMessage.ICommMsgMsg): Promise<void> {
    const { type, content, id } = message.content.data as unknown as Envelope;
    if (type === "set_chat_history") this.keep(content);
    else if (type === "cell_op") this.#send("cell_ack", await this.#change(content), id);
    else if (type === "notebook_state_request" && this.#read)
      this.#send("notebook_state_response", this.#read(), id);
  }

  async #change(content: Record<string, unknown>): Promise<CellAck> {
    const op = content as unknown as CellOp;
    const refused = { ok: false, cell_id: op.cell_id, sha256: "" };
    if (!this.#onCellOp) return { ...refused, reason: "no notebook is open" };
    try {
      return await this.#onCellOp(op);
    } catch (error) {
      return { ...refused, reason: String(error) };
    }
  }

  #send(type: string, content: object, id: string | undefined): void {
    this.#comm?.send({ type, content: { ...content }, ...(id ? { id } : {}) });
  }
}
