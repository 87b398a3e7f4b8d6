/** The door of this room: cells that live, and how one sees them. */

export { CellView, type CellViewProps } from "./CellView";
export { CodeEditor } from "./CodeEditor";
export { duration } from "./duration";
export { InputField } from "./InputField";
export { type CellResult, LiveCell, type RunState } from "./liveCell";
export { OutputsView } from "./OutputsView";
export { RunQueue } from "./runQueue";
export type { Text } from "./text";
