/** What the model will see: each part, how big it is, and a switch to leave it out. */

import { useStore } from "@nanostores/react";
import { X } from "lucide-react";
import { useEffect, useState } from "react";
import type { Part } from "~/kernel";
import type { BriefingReply } from "~/kernel/protocol";
import styles from "./Briefing.module.css";
import { useRoom } from "./roomContext";

const PARTS: readonly Part[] = ["rules", "conversation", "variables", "cells", "outputs"];

type Sections = BriefingReply["sections"];

export function Briefing({ question, close }: { question: string; close: () => void }) {
  const sections = useSections(question);
  const total = sections?.reduce((sum, section) => sum + section.tokens, 0) ?? 0;
  return (
    <section className={styles.sheet} aria-label="what the model will see">
      <header className={styles.header}>
        <h3>What the model will see</h3>
        <span>{sections ? `about ${total.toLocaleString("en")} tokens` : "looking"}</span>
        <button type="button" aria-label="close" onClick={close}>
          <X size={14} />
        </button>
      </header>
      <Switches />
      {sections?.map(({ name, text, tokens }) => (
        <details key={name} className={styles.section}>
          <summary>
            {name} <span>{tokens.toLocaleString("en")}</span>
          </summary>
          <pre>{text}</pre>
        </details>
      ))}
    </section>
  );
}

function useSections(question: string): Sections | null {
  const { room } = useRoom();
  const without = useStore(room.without);
  const [sections, setSections] = useState<Sections | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is left out changes the answer
  useEffect(() => {
    let wanted = true;
    void room.briefing(question).then((reply) => {
      if (wanted && reply.status === "ok") setSections(reply.sections);
    });
    return () => {
      wanted = false;
    };
  }, [room, question, without]);
  return sections;
}

function Switches() {
  const { room } = useRoom();
  const without = useStore(room.without);
  const toggle = (part: Part, told: boolean) =>
    room.without.set(told ? without.filter((each) => each !== part) : [...without, part]);
  return (
    <fieldset className={styles.switches}>
      <legend>tell it</legend>
      {PARTS.map((part) => (
        <label key={part}>
          <input
            type="checkbox"
            checked={!without.includes(part)}
            onChange={(event) => toggle(part, event.target.checked)}
          />
          {part}
        </label>
      ))}
    </fieldset>
  );
}
