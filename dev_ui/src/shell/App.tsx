import styles from "./App.module.css";

/** The page: three columns below a header. */
export function App() {
  return (
    <div className={styles.app}>
      <header className={styles.header}>Beaker</header>
      <nav className={styles.files} aria-label="files" />
      <main className={styles.notebook} aria-label="notebook" />
      <aside className={styles.conversation} aria-label="conversation" />
    </div>
  );
}
