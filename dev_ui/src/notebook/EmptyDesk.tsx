/** No notebook is open: three to begin with, and a new one. */

import type { Server } from "~/kernel";
import styles from "./EmptyDesk.module.css";
import { type Example, exampleNotebook, examples } from "./examples";
import { StoredNotebooks } from "./storedNotebooks";

export interface EmptyDeskProps {
  readonly server: Server;
  readonly onOpen: (path: string) => void;
}

export function EmptyDesk({ server, onOpen }: EmptyDeskProps) {
  const files = new StoredNotebooks(server);
  const begin = async (example: Example) => {
    const path = `${example.name}.ipynb`;
    if (!(await files.stamp(path))) await files.write(path, exampleNotebook(example, "beaker"));
    onOpen(path);
  };
  const create = async () => onOpen((await server.files.create()).path);
  return (
    <div className={styles.empty}>
      <h1 className={styles.title}>No notebook is open</h1>
      <p className={styles.hint}>Choose one on the left, or begin with one of these.</p>
      <div className={styles.examples}>
        {examples.map((example) => (
          <button
            type="button"
            key={example.name}
            className={styles.example}
            onClick={() => void begin(example)}
          >
            <strong>{example.name}</strong>
            <span>{example.about}</span>
          </button>
        ))}
      </div>
      <button type="button" className={styles.create} onClick={() => void create()}>
        new notebook
      </button>
    </div>
  );
}
