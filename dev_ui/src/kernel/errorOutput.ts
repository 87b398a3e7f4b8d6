/** An error among the outputs: what it says, where it arose, and on demand all that led there. */

import { renderText } from "@jupyterlab/rendermime";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";
import { type RaisedError, readTraceback } from "./traceback";

const ERROR = "application/vnd.jupyter.error";

export const errorFactory: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: [ERROR],
  createRenderer: ({ sanitizer }) => new ErrorOutput(sanitizer),
};

class ErrorOutput extends Widget implements IRenderMime.IRenderer {
  constructor(private readonly sanitizer: IRenderMime.ISanitizer) {
    super();
    this.addClass("beaker-error");
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const error = model.data[ERROR] as unknown as RaisedError;
    const { title, last, frames } = readTraceback(error);
    const whole = await this.#text(error.traceback.join("\n"));
    this.node.replaceChildren(headline(title));
    if (!last) return this.node.append(...(error.traceback.length > 0 ? [whole] : []));
    const short = await this.#text(last);
    this.node.append(short);
    if (frames > 1) this.node.append(unfold(short, whole, frames));
  }

  async #text(source: string): Promise<HTMLElement> {
    const host = document.createElement("div");
    host.className = "jp-RenderedText beaker-frames";
    await renderText({ host, source, sanitizer: this.sanitizer });
    return host;
  }
}

function headline(title: string): HTMLElement {
  const line = document.createElement("strong");
  line.textContent = title;
  return line;
}

function unfold(short: HTMLElement, whole: HTMLElement, frames: number): HTMLElement {
  const button = document.createElement("button");
  let open = false;
  const say = () => {
    button.textContent = open ? "show the last frame only" : `show all ${frames} frames`;
    button.ariaExpanded = String(open);
  };
  button.type = "button";
  button.addEventListener("click", () => {
    (open ? whole : short).replaceWith(open ? short : whole);
    open = !open;
    say();
  });
  say();
  return button;
}
