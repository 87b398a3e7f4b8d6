/** The server's folders and notebooks: to open, make, name and delete. */

import { FilePlus, FileText, Folder, NotebookText, Pencil, Trash2 } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import type { FileEntry, Server } from "~/kernel";
import styles from "./FilesList.module.css";
import { UploadButton } from "./UploadButton";
import { UploadsList } from "./UploadsList";
import { Uploads } from "./uploads";
import { useDrop } from "./useDrop";
import { type FolderView, useFolder } from "./useFolder";

export interface FilesListProps {
  readonly server: Server;
  /** The path of the open notebook. */
  readonly open: string;
  readonly onOpen: (path: string) => void;
  /** Told of a name that changed, or of a file that is gone. */
  readonly onMoved: (from: string, to: string | null) => void;
}

export function FilesList({ server, open, onOpen, onMoved }: FilesListProps) {
  const folder = useFolder(server, open);
  const create = async () => {
    const entry = await folder.create();
    if (entry) onOpen(entry.path);
  };
  const uploads = useUploads(server, folder);
  const take = (files: readonly File[]) => uploads.add(folder.path, files);
  const { over, place } = useDrop(take);
  return (
    <div className={styles.files} data-over={over} {...place}>
      <div className={styles.head}>
        <Path folder={folder.path} go={folder.go} />
        <UploadButton take={take} />
        <button
          type="button"
          className={styles.icon}
          aria-label="new notebook"
          title="new notebook"
          onClick={() => void create()}
        >
          <FilePlus size={15} />
        </button>
      </div>
      {folder.failed && (
        <p className={styles.failed} role="alert">
          {folder.failed}
        </p>
      )}
      <UploadsList uploads={uploads} />
      <ul className={styles.list} aria-label="files">
        {folder.entries.map((entry) => (
          <Entry
            key={entry.path}
            entry={entry}
            current={entry.path === open}
            open={() => (entry.kind === "folder" ? folder.go(entry.path) : onOpen(entry.path))}
            rename={async (name) => {
              const to = await folder.rename(entry, name);
              if (to) onMoved(entry.path, to);
            }}
            remove={async () => {
              if (await folder.remove(entry)) onMoved(entry.path, null);
            }}
          />
        ))}
      </ul>
    </div>
  );
}

/** What is on its way to the server, whichever folder is shown meanwhile. */
function useUploads(server: Server, folder: FolderView): Uploads {
  const shown = useRef(folder);
  shown.current = folder;
  return useMemo(() => new Uploads(server.files, () => void shown.current.list()), [server]);
}

/** The folders above this one. */
function Path({ folder, go }: { folder: string; go: (folder: string) => void }) {
  const parts = folder.split("/").filter(Boolean);
  return (
    <nav className={styles.path} aria-label="folder">
      <button type="button" onClick={() => go("")}>
        files
      </button>
      {parts.map((part, at) => (
        <button type="button" key={part} onClick={() => go(parts.slice(0, at + 1).join("/"))}>
          / {part}
        </button>
      ))}
    </nav>
  );
}

interface EntryProps {
  readonly entry: FileEntry;
  readonly current: boolean;
  readonly open: () => void;
  readonly rename: (name: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

function Entry({ entry, current, open, rename, remove }: EntryProps) {
  const [doing, setDoing] = useState<"rename" | "remove" | null>(null);
  const end = () => setDoing(null);
  if (doing === "rename") return <Rename name={entry.name} end={end} rename={rename} />;
  if (doing === "remove") return <Remove name={entry.name} end={end} remove={remove} />;
  const Icon = { folder: Folder, notebook: NotebookText, file: FileText }[entry.kind];
  return (
    <li className={styles.entry} data-current={current}>
      <button
        type="button"
        className={styles.name}
        disabled={entry.kind === "file"}
        aria-current={current ? "page" : undefined}
        onClick={open}
      >
        <Icon size={14} aria-hidden /> <span>{entry.name}</span>
      </button>
      <button
        type="button"
        className={styles.icon}
        aria-label={`rename ${entry.name}`}
        onClick={() => setDoing("rename")}
      >
        <Pencil size={13} />
      </button>
      <button
        type="button"
        className={styles.icon}
        aria-label={`delete ${entry.name}`}
        onClick={() => setDoing("remove")}
      >
        <Trash2 size={13} />
      </button>
    </li>
  );
}

function Rename({
  name,
  end,
  rename,
}: {
  name: string;
  end: () => void;
  rename: EntryProps["rename"];
}) {
  const submit = (form: FormData) => {
    end();
    const wanted = String(form.get("name")).trim();
    if (wanted && wanted !== name) void rename(wanted);
  };
  return (
    <li>
      <form action={submit} className={styles.rename}>
        <input
          name="name"
          aria-label={`new name of ${name}`}
          defaultValue={name}
          ref={(field) => field?.focus()}
          onKeyDown={(event) => event.key === "Escape" && end()}
          onBlur={end}
        />
      </form>
    </li>
  );
}

function Remove({
  name,
  end,
  remove,
}: {
  name: string;
  end: () => void;
  remove: EntryProps["remove"];
}) {
  return (
    <li className={styles.sure}>
      <span>Delete {name}?</span>
      <button type="button" onClick={() => void remove()}>
        delete
      </button>
      <button type="button" onClick={end}>
        keep
      </button>
    </li>
  );
}
