/** What the cells of answers put out, kept in the browser: a reload runs nothing again. */

import type { CellResult } from "~/cells";

export interface KeptCell {
  readonly source: string;
  readonly result: CellResult;
}

export interface KeptCells {
  /** Return what is kept of a conversation, by the cell's id. */
  all(conversation: string): Promise<Map<string, KeptCell>>;
  put(conversation: string, id: string, cell: KeptCell): Promise<void>;
  /** Delete what is kept of the notebook's other conversations, and of the one that was left. */
  keepOnly(conversation: string, left: string): Promise<void>;
}

const DATABASE = "beaker-answers";
const STORE = "cells";
/** Cells that are kept of all conversations together. */
const MOST = 500;

type Row = KeptCell & { readonly at: number };

/** Where a row stands; an older page named no notebook. */
type Key = [conversation: string, id: string, ...notebook: string[]];

export class BrowserKeptCells implements KeptCells {
  #opened: Promise<IDBDatabase> | null = null;

  /** @param notebook - whose conversation it is, by a name unlike any other server's */
  constructor(private readonly notebook: string) {}

  async all(conversation: string): Promise<Map<string, KeptCell>> {
    const store = await this.#store("readonly");
    const range = IDBKeyRange.bound([conversation], [conversation, []]);
    const [keys, rows] = await Promise.all([
      settled(store.getAllKeys(range)),
      settled(store.getAll(range) as IDBRequest<Row[]>),
    ]);
    const found = rows.map((row, at) => [idOf(keys[at]), row] as const);
    // A notebook that was renamed may have a cell twice: the latter counts.
    return new Map(found.sort(([, one], [, other]) => one.at - other.at));
  }

  async put(conversation: string, id: string, cell: KeptCell): Promise<void> {
    const store = await this.#store("readwrite");
    const row: Row = { ...cell, at: Date.now() };
    await settled(store.put(row, [conversation, id, this.notebook]));
    if ((await settled(store.count())) > MOST) await dropOldest(store);
  }

  async keepOnly(conversation: string, left: string): Promise<void> {
    const store = await this.#store("readwrite");
    const keys = (await settled(store.getAllKeys())) as Key[];
    const gone = keys.filter(
      ([of, , notebook]) => of !== conversation && (of === left || notebook === this.notebook),
    );
    await Promise.all(gone.map((key) => settled(store.delete(key))));
  }

  async #store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    this.#opened ??= open();
    return (await this.#opened).transaction(STORE, mode).objectStore(STORE);
  }
}

async function dropOldest(store: IDBObjectStore): Promise<void> {
  const cursor = await settled(store.index("at").openKeyCursor());
  if (cursor) await settled(store.delete(cursor.primaryKey));
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE).createIndex("at", "at");
  return settled(request);
}

function idOf(key: IDBValidKey | undefined): string {
  return Array.isArray(key) ? String(key[1]) : "";
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
