import { useStore } from "@nanostores/react";
import { askToFix, Conversation, ModelPart } from "~/conversation";
import { FilesList, insertCell, NotebookRoom } from "~/notebook";
import styles from "./App.module.css";
import { desk, openNotebook, workspace } from "./workspace";

/** The page: three columns below a header. */
export function App() {
  const { server, kernel, path } = useStore(workspace);
  const open = (wanted: string) => void openNotebook(wanted);
  return (
    <div className={styles.app}>
      <header className={styles.header}>Beaker {kernel && <ModelPart kernel={kernel} />}</header>
      <nav className={styles.files} aria-label="files">
        {server && (
          <FilesList server={server} open={path} onOpen={open} onMoved={() => undefined} />
        )}
      </nav>
      <main className={styles.notebook} aria-label="notebook">
        {server && (
          <NotebookRoom
            desk={desk}
            server={server}
            kernel={kernel}
            onOpen={open}
            fix={kernel ? (cell, error) => askToFix(kernel, cell.source, error) : undefined}
          />
        )}
      </main>
      <aside className={styles.conversation} aria-label="conversation">
        <Conversation kernel={kernel} insert={insert} />
      </aside>
    </div>
  );
}

function insert(code: string): void {
  if (desk.notebook) insertCell(desk.notebook, 1, "code", code);
}
