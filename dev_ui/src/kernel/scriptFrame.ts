/** Where the scripts of an output run: a frame without an origin, which reaches nothing. */

import type { KnownLibrary } from "./knownLibraries";

/** Sanitised HTML with its styles, HTML with scripts (`live`), a script, or one for the whole frame. */
export type FramePart =
  | { readonly html: string; readonly styles: readonly string[] }
  | { readonly html: string; readonly live: true }
  | { readonly script: string }
  | { readonly library: string };

/** What a frame shows; `libraries` run before it, and `known` stand for what it would fetch. */
export interface FrameContent {
  readonly libraries: readonly FramePart[];
  readonly known?: readonly KnownLibrary[];
  readonly parts: readonly FramePart[];
}

/** The file beside the page, which is served with a policy of its own. */
const PLACE = "output.html";
const HIGHEST = 2_000;

export class ScriptFrame {
  readonly node = document.createElement("iframe");
  readonly #hear = (event: MessageEvent) => this.#heard(event);
  readonly #themes = new MutationObserver(() => this.#send({ look: look() }));

  constructor(private content: FrameContent) {
    this.node.className = "beaker-scripts";
    this.node.title = "output in a frame of its own";
    this.node.setAttribute("sandbox", "allow-scripts");
    this.node.referrerPolicy = "no-referrer";
    this.node.src = new URL(PLACE, document.baseURI).href;
    window.addEventListener("message", this.#hear);
    this.#themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  /** Show one more part, below what is there. */
  add(part: FramePart): void {
    this.content = { ...this.content, parts: [...this.content.parts, part] };
    this.#send({ parts: [part] });
  }

  dispose(): void {
    window.removeEventListener("message", this.#hear);
    this.#themes.disconnect();
    this.node.remove();
  }

  /** A frame that is moved within the page begins anew, and says so, too. */
  #heard({ source, data }: MessageEvent<unknown>): void {
    if (source !== this.node.contentWindow || typeof data !== "object" || data === null) return;
    if ("height" in data) this.#grow(data.height);
    else if ("ready" in data) this.#send({ look: look(), ...this.content });
  }

  #grow(height: unknown): void {
    if (typeof height !== "number" || !(height >= 0)) return;
    this.node.style.height = `${Math.min(Math.ceil(height), HIGHEST)}px`;
  }

  /** The frame has no origin that could be named; the page's policy lets no other page into it. */
  #send(message: object): void {
    this.node.contentWindow?.postMessage(message, "*");
  }
}

/** The page's colours as they are written: the frame finds by itself whether it is dark. */
function look() {
  const style = getComputedStyle(document.documentElement);
  const [ink, font] = [style.getPropertyValue("--ink"), getComputedStyle(document.body).font];
  return { scheme: style.colorScheme, ink, font };
}
