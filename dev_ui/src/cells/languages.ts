/** What colours the code of a language; each is fetched when a cell first needs it. */

import { StreamLanguage } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

const loaded = new Map<string, Promise<Extension>>();

/** The extension for a language by its name as kernels say it; nothing for those we don't know. */
export function languageExtension(name: string): Promise<Extension> {
  const key = name.toLowerCase();
  const extension = loaded.get(key) ?? load(key);
  loaded.set(key, extension);
  return extension;
}

async function load(name: string): Promise<Extension> {
  switch (name) {
    case "python":
    case "ipython":
      return (await import("@codemirror/lang-python")).python();
    case "markdown":
      return (await import("@codemirror/lang-markdown")).markdown();
    case "javascript":
    case "typescript":
      return (await import("@codemirror/lang-javascript")).javascript({ typescript: true });
    case "sql":
      return (await import("@codemirror/lang-sql")).sql();
    case "r":
      return StreamLanguage.define((await import("@codemirror/legacy-modes/mode/r")).r);
    case "julia":
      return StreamLanguage.define((await import("@codemirror/legacy-modes/mode/julia")).julia);
    case "bash":
      return StreamLanguage.define((await import("@codemirror/legacy-modes/mode/shell")).shell);
    default:
      return [];
  }
}
