/** Websockets that are opened with a ticket, so that no URL ever holds the token. */

import type { ServerAddress } from "./types";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4000;
const GONE = 1006;

type Handler<E extends Event> = (event: E) => void;
const ignore = (): void => {};

/** Say whether an answer means that this server sells no tickets: a plain Jupyter Server. */
function sellsNone(status: number): boolean {
  return status === 403 || status === 404 || status === 405;
}

/** Return what to add to a websocket's URL: a ticket, or the token where there are no tickets. */
export async function credential(address: ServerAddress, path: string): Promise<string> {
  const answer = await fetch(`${address.baseUrl}beaker/ticket`, {
    method: "POST",
    headers: { Authorization: `Bearer ${address.token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ path }),
  });
  if (sellsNone(answer.status)) return `token=${encodeURIComponent(address.token)}`;
  if (!answer.ok) throw new Error(`no ticket: ${answer.status}`);
  const { ticket } = (await answer.json()) as { ticket: string };
  return `ticket=${encodeURIComponent(ticket)}`;
}

/**
 * Make a WebSocket class for a server.
 *
 * It has what `KernelConnection` uses of a WebSocket. While the server is away it goes on knocking,
 * so that a connection is back within seconds of the server.
 */
export function ticketSocket(address: ServerAddress): typeof WebSocket {
  class TicketSocket {
    onopen: Handler<Event> = ignore;
    onmessage: Handler<MessageEvent> = ignore;
    onclose: Handler<CloseEvent> = ignore;
    onerror: Handler<Event> = ignore;
    binaryType: BinaryType = "arraybuffer";
    #socket: WebSocket | null = null;
    #closed = false;

    constructor(
      readonly url: string,
      private readonly protocols: string | string[] = [],
    ) {
      void this.#open(FIRST_WAIT_MS);
    }

    get protocol(): string {
      return this.#socket?.protocol ?? "";
    }

    get readyState(): number {
      if (this.#closed) return WebSocket.CLOSED;
      return this.#socket?.readyState ?? WebSocket.CONNECTING;
    }

    send(data: string | ArrayBuffer): void {
      this.#socket?.send(data);
    }

    close(code?: number): void {
      this.#closed = true;
      this.#socket?.close(code);
    }

    async #open(wait: number): Promise<void> {
      if (this.#closed) return;
      try {
        const bought = await credential(address, new URL(this.url).pathname);
        if (!this.#closed) this.#connect(`${this.url}&${bought}`);
      } catch (error) {
        if (error instanceof TypeError) this.#again(wait);
        else this.onclose(new CloseEvent("close", { code: GONE, reason: String(error) }));
      }
    }

    #again(wait: number): void {
      setTimeout(() => void this.#open(Math.min(wait * 2, LONGEST_WAIT_MS)), wait);
    }

    #connect(url: string): void {
      const socket = new WebSocket(url, this.protocols);
      socket.binaryType = this.binaryType;
      socket.onopen = (event) => this.onopen(event);
      socket.onmessage = (event) => this.onmessage(event);
      socket.onclose = (event) => this.onclose(event);
      socket.onerror = (event) => this.onerror(event);
      this.#socket = socket;
    }
  }
  return TicketSocket as unknown as typeof WebSocket;
}
