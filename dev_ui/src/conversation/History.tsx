/** The notebook's earlier conversations: to be searched, and read again. */

import { ArrowLeft, X } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import type { KeptConversation } from "~/kernel/protocol";
import { IconButton } from "~/style/IconButton";
import { Markdown } from "~/text";
import styles from "./History.module.css";
import { useRoom } from "./roomContext";
import type { Said } from "./said";

export function History({ close }: { close: () => void }) {
  const [reading, setReading] = useState<KeptConversation | null>(null);
  return (
    <section className={styles.history} aria-label="earlier conversations">
      <header className={styles.header}>
        {reading && (
          <IconButton icon={ArrowLeft} title="back to the list" onClick={() => setReading(null)} />
        )}
        <h3>{reading ? when(reading.began) : "earlier conversations"}</h3>
        <IconButton icon={X} title="close" onClick={close} />
      </header>
      {reading ? <Transcript id={reading.id} /> : <List read={setReading} />}
    </section>
  );
}

function List({ read }: { read: (conversation: KeptConversation) => void }) {
  const { room } = useRoom();
  const [search, setSearch] = useState("");
  const kept = useLatest(useCallback(() => room.kept(search), [room, search]));
  return (
    <>
      <input
        className={styles.search}
        type="search"
        aria-label="search in earlier conversations"
        placeholder="search"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <ul className={styles.list}>
        {kept?.map((conversation) => (
          <li key={conversation.id}>
            <button type="button" onClick={() => read(conversation)}>
              <span className={styles.question}>{conversation.question}</span>
              <span className={styles.when}>
                {when(conversation.began)} · {conversation.questions}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {kept?.length === 0 && (
        <p className={styles.none}>{search ? "nothing found" : "nothing was said yet"}</p>
      )}
    </>
  );
}

function Transcript({ id }: { id: string }) {
  const { room } = useRoom();
  const said = useLatest<readonly Said[]>(useCallback(() => room.read(id), [room, id]));
  return (
    <div className={styles.transcript}>
      {said?.map(({ by, text }, at) =>
        by === "person" ? (
          <p key={`${at}-${by}`} className={styles.asked}>
            {text}
          </p>
        ) : (
          <Markdown key={`${at}-${by}`} text={text} />
        ),
      )}
    </div>
  );
}

/** What was asked for last; an answer that comes after the next question is dropped. */
function useLatest<T>(ask: () => Promise<T>): T | null {
  const [answer, setAnswer] = useState<T | null>(null);
  useEffect(() => {
    let wanted = true;
    void ask().then((found) => {
      if (wanted) setAnswer(found);
    });
    return () => {
      wanted = false;
    };
  }, [ask]);
  return answer;
}

function when(began: string): string {
  const at = new Date(began);
  const told = { dateStyle: "medium", timeStyle: "short" } as const;
  return Number.isNaN(at.valueOf()) ? "" : at.toLocaleString(undefined, told);
}
