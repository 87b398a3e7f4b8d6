/** What a diagnosis means in words, and what to do next. */

import type { Diagnosis } from "~/kernel";

export interface Advice {
  readonly works: boolean;
  readonly text: string;
  /** A command that mends it, to copy. */
  readonly command?: string;
}

/** Say what was found at an address. */
export function advice(found: Diagnosis, page: string): Advice {
  switch (found.kind) {
    case "good":
      return { works: true, text: `Jupyter Server ${found.version} with the beaker kernel.` };
    case "plain":
      return {
        works: true,
        text: `Jupyter Server ${found.version} without the beaker kernel: a notebook, but nobody to ask. To have both, install Beaker where the server runs.`,
        command: "pip install beaker-kernel",
      };
    case "malformed":
      return { works: false, text: "This is no address. Write it as http://127.0.0.1:8888." };
    case "silent":
      return {
        works: false,
        text: "Nothing answers there. Is the server running, and the port right?",
        command: `beaker serve --origin ${page}`,
      };
    case "closed":
      return {
        works: false,
        text: "A server is there, but does not let this page in. Start it with this page's origin.",
        command: `beaker serve --origin ${found.origin}`,
      };
    case "forbidden":
      return {
        works: false,
        text: "The server of this page lets it talk to itself alone. Name the other one when you start it.",
        command: "beaker serve --ui --ui-server http://…",
      };
    case "foreign":
      return { works: false, text: "Something answers there, but it is no Jupyter Server." };
    case "old":
      return {
        works: false,
        text: `Jupyter Server ${found.version} is too old; the page needs 2 or later.`,
        command: "pip install --upgrade jupyter-server",
      };
    case "token":
      return {
        works: false,
        text: "The server refuses the token. It prints the right one.",
        command: "jupyter server list",
      };
    default:
      return found satisfies never;
  }
}
