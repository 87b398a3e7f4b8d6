import { useStore } from "@nanostores/react";
import { type FormEvent, useState } from "react";
import { diagnose, type ServerAddress } from "~/kernel";
import { know, knownServers, withSlash } from "./addresses";
import { type Advice, advice } from "./advice";
import styles from "./ConnectDialog.module.css";
import { Dialog } from "./Dialog";
import { closeDialog } from "./dialogs";
import { connect, workspace } from "./workspace";

/** Asks for a server's address and token, and says what is wrong with them. */
export function ConnectDialog() {
  const { server } = useStore(workspace);
  const [baseUrl, setBaseUrl] = useState(server?.address.baseUrl ?? suggested());
  const [token, setToken] = useState(server?.address.token ?? "");
  const [found, setFound] = useState<Advice | "asking" | null>(null);

  async function test(): Promise<ServerAddress | null> {
    const address = { baseUrl: withSlash(baseUrl.trim()), token: token.trim() };
    setFound("asking");
    const said = advice(await diagnose(address), location.origin);
    setFound(said);
    return said.works ? address : null;
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const address = await test();
    if (!address) return;
    know(address.baseUrl, localStorage);
    connect(address, sessionStorage);
    closeDialog();
  }

  return (
    <Dialog title="Connect to a server" onClose={closeDialog}>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <label className={styles.field}>
          address
          <input
            value={baseUrl}
            list="known-servers"
            inputMode="url"
            spellCheck={false}
            onChange={(event) => setBaseUrl(event.target.value)}
          />
        </label>
        <KnownServers />
        <label className={styles.field}>
          token
          <input
            type="password"
            autoComplete="off"
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <Finding found={found} />
        <div className={styles.actions}>
          <button type="button" className={styles.quiet} onClick={() => void test()}>
            test
          </button>
          <button type="submit" className={styles.main} disabled={found === "asking"}>
            connect
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function KnownServers() {
  return (
    <datalist id="known-servers">
      {knownServers(localStorage).map((known) => (
        <option key={known} value={known} />
      ))}
    </datalist>
  );
}

function Finding({ found }: { found: Advice | "asking" | null }) {
  return (
    <div role="status" className={styles.finding} data-works={isGood(found)}>
      {found === "asking" && "asking…"}
      {found && found !== "asking" && (
        <>
          {found.text}
          {found.command && <code className={styles.command}>{found.command}</code>}
        </>
      )}
    </div>
  );
}

function isGood(found: Advice | "asking" | null): boolean {
  return found === null || found === "asking" || found.works;
}

function suggested(): string {
  return knownServers(localStorage)[0] ?? "http://127.0.0.1:8888/";
}
