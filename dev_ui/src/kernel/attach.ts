/** Lumino widgets outside of Lumino's tree. */

import { MessageLoop } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";

/** Put a widget into a node, and tell it that it is on the page for good. */
export function attach(widget: Widget, node: HTMLElement): void {
  MessageLoop.sendMessage(widget, Widget.Msg.BeforeAttach);
  node.append(widget.node);
  MessageLoop.sendMessage(widget, Widget.Msg.AfterAttach);
}

/** Tell it that its node may have another size now. */
export function fit(widget: Widget): void {
  MessageLoop.postMessage(widget, Widget.ResizeMessage.UnknownSize);
}
