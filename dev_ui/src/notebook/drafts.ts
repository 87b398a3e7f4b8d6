/** Work that could not be saved on the server, kept in the browser until it is. */

/** A notebook as it was when saving failed. */
export interface Draft {
  readonly content: unknown;
  readonly at: number;
}

/** Keeps drafts by the place that they belong to. */
export interface Drafts {
  get(place: string): Promise<Draft | undefined>;
  put(place: string, draft: Draft): Promise<void>;
  delete(place: string): Promise<void>;
}

const STORE = "drafts";

/** Drafts in the browser's database: a notebook with its outputs is too big for localStorage. */
export class BrowserDrafts implements Drafts {
  #opened: Promise<IDBDatabase> | null = null;

  get(place: string): Promise<Draft | undefined> {
    return this.#do("readonly", (store) => store.get(place) as IDBRequest<Draft | undefined>);
  }

  async put(place: string, draft: Draft): Promise<void> {
    await this.#do("readwrite", (store) => store.put(draft, place));
  }

  async delete(place: string): Promise<void> {
    await this.#do("readwrite", (store) => store.delete(place));
  }

  async #do<T>(
    mode: IDBTransactionMode,
    ask: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> {
    this.#opened ??= open();
    const transaction = (await this.#opened).transaction(STORE, mode);
    return settled(ask(transaction.objectStore(STORE)));
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open("beaker", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
