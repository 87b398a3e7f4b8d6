/** The door of this room: the conversation's column, and its part of the header. */

export { Conversation, type ConversationProps } from "./Conversation";
export { focusApproval, focusQuestion } from "./focus";
export { ModelPart } from "./ModelPart";
export { askToFix, type ConversationRoom, roomOf } from "./room";
