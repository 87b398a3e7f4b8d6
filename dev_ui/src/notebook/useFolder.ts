/** A folder of the server, as a list that can be changed. */

import { useCallback, useEffect, useRef, useState } from "react";
import type { FileEntry, Server } from "~/kernel";

export interface FolderView {
  readonly path: string;
  readonly entries: readonly FileEntry[];
  /** What went wrong last. */
  readonly failed: string;
  go(path: string): void;
  /** Look what it holds now. */
  list(): Promise<void>;
  create(): Promise<FileEntry | null>;
  /** Returns the new path. */
  rename(entry: FileEntry, name: string): Promise<string | null>;
  remove(entry: FileEntry): Promise<boolean>;
}

const ORDER = { folder: 0, notebook: 1, file: 2 };

/** @param open - the path of the open notebook: when it is another, there may be a new file */
export function useFolder(server: Server, open: string): FolderView {
  const { files } = server;
  const [path, go] = useState(parentOf(open));
  const [entries, setEntries] = useState<readonly FileEntry[]>([]);
  const [failed, setFailed] = useState("");

  const attempt = useCallback(async <T>(act: () => Promise<T>): Promise<T | null> => {
    setFailed("");
    return act().catch((error: unknown) => {
      setFailed(error instanceof Error ? error.message : String(error));
      return null;
    });
  }, []);

  const asked = useRef(0);
  const list = useCallback(async () => {
    const mine = ++asked.current;
    const found = await attempt(() => files.list(path));
    // A later look, perhaps into another folder, may have been answered sooner.
    if (found && mine === asked.current) setEntries(found.toSorted(byKindAndName));
  }, [attempt, files, path]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another notebook may be a new one
  useEffect(() => void list(), [list, open]);

  /** Do something to the folder, and look what it is now. */
  const change = async <T>(act: () => Promise<T>): Promise<T | null> => {
    const done = await attempt(act);
    if (done !== null) await list();
    return done;
  };

  return {
    path,
    entries,
    failed,
    go,
    list,
    create: () => change(() => files.create(path)),
    rename: (entry, name) =>
      change(async () => (await files.rename(entry.path, path ? `${path}/${name}` : name)).path),
    remove: async (entry) =>
      (await change(() => files.remove(entry.path).then(() => true))) ?? false,
  };
}

function parentOf(path: string): string {
  return path.split("/").slice(0, -1).join("/");
}

function byKindAndName(one: FileEntry, other: FileEntry): number {
  return ORDER[one.kind] - ORDER[other.kind] || one.name.localeCompare(other.name);
}
