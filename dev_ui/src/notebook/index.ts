/** The door of this room: the notebook that is open, and the files. */

export { type Fix, insertCell } from "./actions";
export { type BoundCommand, type NotebookCommand, notebookCommands } from "./commands";
export { Desk, type OnDesk } from "./desk";
export { FilesList } from "./FilesList";
export { focusCell } from "./focus";
export { NotebookRoom } from "./NotebookRoom";
export type { Notebook } from "./notebook";
export type { SaveState } from "./saving";
export type { Approvals } from "./Waiting";
