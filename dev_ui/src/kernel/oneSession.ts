/** What a kernel and Beaker say, as of one session. */

import type { ServerConnection } from "@jupyterlab/services";

type Serializer = ServerConnection.ISettings["serializer"];

const BEAKER = "beaker";

/**
 * Return settings for one connection. Beaker's own messages bear a session of their own, which the
 * library takes for that of a restarted kernel: it drops what it has not taken in by then, such as
 * widgets that wait for what shows them.
 */
export function ofOneSession(settings: ServerConnection.ISettings): ServerConnection.ISettings {
  let session = "";
  const deserialize: Serializer["deserialize"] = (data, protocol) => {
    const message = settings.serializer.deserialize(data, protocol);
    const { header } = message;
    if (header.username !== BEAKER) session = header.session;
    return session ? { ...message, header: { ...header, session } } : message;
  };
  return { ...settings, serializer: { ...settings.serializer, deserialize } };
}
