/** What the parts of the conversation share: whose it is, and the notebook beside it. */

import { createContext, useContext } from "react";
import type { ConversationRoom } from "./room";

export interface Surroundings {
  readonly room: ConversationRoom;
  /** Puts code into a new cell of the notebook, where one is open. */
  readonly insert: ((code: string) => void) | null;
}

export const RoomContext = createContext<Surroundings | null>(null);

export function useRoom(): Surroundings {
  const surroundings = useContext(RoomContext);
  if (!surroundings) throw new Error("this part stands in no conversation");
  return surroundings;
}
