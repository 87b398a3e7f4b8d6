/** The column in which one talks with the model that shares the kernel. */

import { useStore } from "@nanostores/react";
import { ArrowDown, Download, History as HistoryIcon, SquarePen, X } from "lucide-react";
import { useMemo, useState } from "react";
import type { LiveKernel } from "~/kernel";
import { IconButton } from "~/style/IconButton";
import { Composer } from "./Composer";
import styles from "./Conversation.module.css";
import { Empty, NoBeaker, NoModel } from "./Empty";
import { download } from "./export";
import { History } from "./History";
import { roomOf } from "./room";
import { RoomContext, useRoom } from "./roomContext";
import { TurnView } from "./TurnView";
import { useFollow } from "./useFollow";

export interface ConversationProps {
  readonly kernel: LiveKernel | null;
  /** Puts code into a new cell of the notebook, where one is open. */
  readonly insert?: ((code: string) => void) | undefined;
  /** Goes back to the notebook, where the conversation lies over it. */
  readonly leave?: (() => void) | undefined;
}

export function Conversation({ kernel, insert, leave }: ConversationProps) {
  if (!kernel) return <NoBeaker text="Open a notebook, and ask about it here." />;
  return <OfKernel {...{ kernel, insert, leave }} />;
}

function OfKernel({ kernel, insert, leave }: ConversationProps & { kernel: LiveKernel }) {
  const beaker = useStore(kernel.beaker);
  const status = useStore(kernel.status);
  const surroundings = useMemo(
    () => beaker && { room: roomOf(kernel, beaker), insert: insert ?? null },
    [kernel, beaker, insert],
  );
  if (surroundings) {
    return (
      <RoomContext value={surroundings}>
        <Column leave={leave} />
      </RoomContext>
    );
  }
  const starting = status === "connecting" || status === "starting";
  const none = `This kernel, ${kernel.name}, has no model beside it; one named beaker has.`;
  return <NoBeaker text={starting ? "The kernel is starting." : none} />;
}

type Leaves = Pick<ConversationProps, "leave">;

function Column({ leave }: Leaves) {
  const { room } = useRoom();
  const { turns } = useStore(room.turns);
  const session = useStore(room.session);
  const [past, setPast] = useState(false);
  const { view, content, atEnd, toEnd } = useFollow();
  const without = session !== null && !session.model;
  return (
    <div className={styles.column}>
      <Bar showPast={() => setPast(true)} leave={leave} />
      {past && <History close={() => setPast(false)} />}
      <div className={styles.view} ref={view}>
        <div className={styles.content} ref={content}>
          {turns.map((turn) => (
            <TurnView key={turn.id} turn={turn} />
          ))}
          {without ? <NoModel /> : turns.length === 0 && session && <Empty />}
        </div>
      </div>
      {!atEnd && (
        <button type="button" className={styles.toEnd} onClick={toEnd}>
          <ArrowDown size={14} /> to the end
        </button>
      )}
      <Composer />
    </div>
  );
}

function Bar({ showPast, leave }: Leaves & { showPast: () => void }) {
  const { room } = useRoom();
  const { turns } = useStore(room.turns);
  return (
    <div className={styles.bar}>
      <h2>conversation</h2>
      <IconButton icon={HistoryIcon} title="earlier conversations" onClick={showPast} />
      <IconButton
        icon={Download}
        title="save the conversation as a notebook"
        disabled={turns.length === 0}
        onClick={() => download(turns, room.kernel.language.get())}
      />
      <IconButton icon={SquarePen} title="new conversation" onClick={() => void room.reset()} />
      {leave && <IconButton icon={X} title="back to the notebook" onClick={leave} />}
    </div>
  );
}
