/** Outputs of HTML and JavaScript: what is active in them lives in a frame, when it may. */

import { RenderedHTML } from "@jupyterlab/rendermime";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";
import { type ActiveHtml, readHtml } from "./activeHtml";
import type { CellScripts, HtmlPlace, ScriptOutput } from "./cellScripts";
import { librariesIn } from "./knownLibraries";
import { PageSanitizer } from "./sanitizer";
import { type FrameContent, type FramePart, ScriptFrame } from "./scriptFrame";

const HTML = "text/html";
const SCRIPTS = ["application/javascript", "text/javascript"];
/** What libraries say when they load: bokehjs_load, holoviews_load. */
const LOADS = /_load\./;

export function htmlFactory(scripts: CellScripts): IRenderMime.IRendererFactory {
  const createRenderer = (options: IRenderMime.IRendererOptions) =>
    new HtmlOutput(options, scripts);
  return { safe: true, mimeTypes: [HTML], createRenderer };
}

export function javascriptFactory(scripts: CellScripts): IRenderMime.IRendererFactory {
  const createRenderer = () => new JavascriptOutput(scripts);
  return { safe: true, mimeTypes: SCRIPTS, createRenderer };
}

class HtmlOutput extends RenderedHTML implements HtmlPlace {
  #frame: ScriptFrame | null = null;
  #shown: IRenderMime.IMimeModel | null = null;

  constructor(
    options: IRenderMime.IRendererOptions,
    private readonly scripts: CellScripts,
  ) {
    super(options);
    scripts.place = this;
  }

  override async render(model: IRenderMime.IMimeModel): Promise<void> {
    this.#shown = model;
    this.#frame?.dispose();
    this.#frame = null;
    const source = String(model.data[HTML]);
    const html = readHtml(source);
    if (html.hasScripts && this.scripts.allowed) return this.#live(source, html);
    if (html.hasScripts && html.isBlank) this.node.replaceChildren();
    else if (html.styles.length > 0) this.#still(source, html);
    else await super.render(model);
    if (html.hasScripts && this.scripts.wait(this)) this.node.prepend(offer(this.scripts));
  }

  again(): void {
    if (this.#shown) void this.renderModel(this.#shown);
  }

  run(script: string): void {
    const { libraries } = this.scripts;
    const html = inert(String(this.#shown?.data[HTML]), []);
    if (this.#frame) this.#frame.add({ script });
    else this.#enframe({ libraries, parts: [html, { script }] });
  }

  override dispose(): void {
    this.#frame?.dispose();
    super.dispose();
  }

  async #live(source: string, { isLibrary }: ActiveHtml): Promise<void> {
    const part = { html: source, live: true } as const;
    const { libraries } = this.scripts;
    if (isLibrary) this.scripts.keepLibrary(part);
    const known = await librariesIn(source);
    if (!this.isDisposed) this.#enframe({ libraries, known, parts: [part] });
  }

  #still(source: string, { styles }: ActiveHtml): void {
    this.#enframe({ libraries: [], parts: [inert(source, styles)] });
  }

  #enframe(content: FrameContent): void {
    this.#frame = new ScriptFrame(content);
    this.node.replaceChildren(this.#frame.node);
  }
}

class JavascriptOutput extends Widget implements IRenderMime.IRenderer, ScriptOutput {
  readonly #place: HtmlPlace | null;
  #frame: ScriptFrame | null = null;
  #shown: IRenderMime.IMimeModel | null = null;

  constructor(private readonly scripts: CellScripts) {
    super();
    this.#place = scripts.place;
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.#shown = model;
    if (this.scripts.allowed) return this.#run(model);
    this.node.replaceChildren(...(this.scripts.wait(this) ? [offer(this.scripts)] : []));
  }

  again(): void {
    if (this.#shown) void this.renderModel(this.#shown);
  }

  override dispose(): void {
    this.#frame?.dispose();
    super.dispose();
  }

  #run({ data }: IRenderMime.IMimeModel): void {
    const script = String(SCRIPTS.map((type) => data[type]).find((it) => it !== undefined));
    const place = this.#place?.isDisposed ? null : this.#place;
    this.#frame?.dispose();
    const content = { libraries: this.scripts.libraries, parts: [{ script }] };
    this.#frame = place ? null : new ScriptFrame(content);
    this.node.replaceChildren(...(this.#frame ? [this.#frame.node] : []));
    place?.run(script);
    if (!place || Object.keys(data).some((type) => LOADS.test(type)))
      this.scripts.keepLibrary({ script });
  }
}

const sanitizer = new PageSanitizer();
sanitizer.setAllowNamedProperties(true); // nobody in the frame is misled by a name

function inert(source: string, styles: readonly string[]): FramePart {
  return { html: sanitizer.sanitize(source), styles };
}

/** What is said instead of running a stranger's scripts. */
function offer(scripts: CellScripts): HTMLElement {
  const bar = document.createElement("p");
  bar.className = "beaker-offer";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "show it";
  button.addEventListener("click", () => scripts.allow());
  bar.append("This output has scripts. Run the cell to see it, or ", button);
  return bar;
}
