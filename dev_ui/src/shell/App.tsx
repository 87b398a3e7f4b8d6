import { useStore } from "@nanostores/react";
import { FilesList, NotebookRoom } from "~/notebook";
import styles from "./App.module.css";
import { desk, openNotebook, workspace } from "./workspace";

/** The page: three columns below a header. */
export function App() {
  const { server, kernel, path } = useStore(workspace);
  const open = (wanted: string) => void openNotebook(wanted);
  return (
    <div className={styles.app}>
      <header className={styles.header}>Beaker</header>
      <nav className={styles.files} aria-label="files">
        {server && (
          <FilesList server={server} open={path} onOpen={open} onMoved={() => undefined} />
        )}
      </nav>
      <main className={styles.notebook} aria-label="notebook">
        {server && <NotebookRoom desk={desk} server={server} kernel={kernel} onOpen={open} />}
      </main>
      <aside className={styles.conversation} aria-label="conversation" />
    </div>
  );
}
