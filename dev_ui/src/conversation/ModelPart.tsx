/** The header's part of the conversation: which model, and whose word its code needs. */

import { useStore } from "@nanostores/react";
import { useState } from "react";
import type { LiveKernel, Policy } from "~/kernel";
import styles from "./ModelPart.module.css";
import { type ConversationRoom, roomOf } from "./room";

export function ModelPart({ kernel }: { kernel: LiveKernel }) {
  const beaker = useStore(kernel.beaker);
  return beaker && <Choices room={roomOf(kernel, beaker)} />;
}

function Choices({ room }: { room: ConversationRoom }) {
  const session = useStore(room.session);
  if (!session) return null;
  return (
    <div className={styles.part}>
      <ModelChoice room={room} model={session.model ?? ""} profiles={session.models} />
      <select
        className={styles.choice}
        aria-label="policy: whose word code of the model needs"
        title={EXPLAINED[session.policy]}
        value={session.policy}
        onChange={(event) => void room.choosePolicy(event.target.value as Policy)}
      >
        {session.policies.map((policy) => (
          <option key={policy} value={policy}>
            {policy}
          </option>
        ))}
      </select>
    </div>
  );
}

const EXPLAINED: Record<Policy, string> = {
  never: "code of the model never runs by itself",
  ask: "code of the model needs your word",
  guarded: "code of the model needs your word once it has read cells, outputs or variables",
  auto: "code of the model runs without asking",
};

interface ModelChoiceProps {
  readonly room: ConversationRoom;
  readonly model: string;
  readonly profiles: readonly string[];
}

/** A menu of the profiles; another model of the same endpoint is named by hand. */
function ModelChoice({ room, model, profiles }: ModelChoiceProps) {
  const [naming, setNaming] = useState(false);
  if (naming) return <ModelName room={room} done={() => setNaming(false)} />;
  return (
    <select
      className={styles.choice}
      aria-label="model"
      value=""
      onChange={(event) => {
        if (event.target.value === ANOTHER) setNaming(true);
        else void room.chooseModel(event.target.value === ANEW ? "" : event.target.value);
      }}
    >
      <option value="" hidden>
        {model || "no model"}
      </option>
      {profiles.map((profile) => (
        <option key={profile}>{profile}</option>
      ))}
      <option value={ANOTHER}>another…</option>
      <option value={ANEW}>look again</option>
    </select>
  );
}

const ANOTHER = "…";
const ANEW = "↻";

function ModelName({ room, done }: { room: ConversationRoom; done: () => void }) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const name = String(new FormData(event.currentTarget).get("model")).trim();
        if (name) void room.chooseModel(name);
        done();
      }}
    >
      <input
        className={styles.name}
        name="model"
        aria-label="name of the model"
        placeholder="name of the model"
        // biome-ignore lint/a11y/noAutofocus: it stands where the person has just chosen to write
        autoFocus
        onBlur={done}
        onKeyDown={(event) => event.key === "Escape" && done()}
      />
    </form>
  );
}
