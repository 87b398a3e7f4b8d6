/** Figures that an output describes as data: they are drawn by the page's libraries, in a frame. */

import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";
import { librariesNamed, PLOTLY, VEGA } from "./knownLibraries";
import { ScriptFrame } from "./scriptFrame";

interface Drawing {
  readonly libraries: readonly string[];
  /** The script that draws a figure, given as JSON, in its `element`. */
  readonly draw: (figure: string) => string;
}

const plotly: Drawing = {
  libraries: PLOTLY,
  draw: (figure) =>
    `const { data, layout, config, frames } = ${figure};
     const whole = { data, layout, config: { responsive: true, ...config }, frames };
     return Plotly.newPlot(element, whole);`,
};
const vega: Drawing = {
  libraries: VEGA,
  draw: (figure) => `return vegaEmbed(element, ${figure}, { actions: false });`,
};
const DRAWINGS: Readonly<Record<string, Drawing>> = {
  "application/vnd.plotly.v1+json": plotly,
  "application/vnd.vega.v5+json": vega,
  "application/vnd.vega.v6+json": vega,
  "application/vnd.vegalite.v4+json": vega,
  "application/vnd.vegalite.v5+json": vega,
  "application/vnd.vegalite.v6+json": vega,
};

/** A figure is data, so it is shown whoever made it. */
export const figureFactory: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: Object.keys(DRAWINGS),
  createRenderer: ({ mimeType }) => new FigureOutput(mimeType),
};

class FigureOutput extends Widget implements IRenderMime.IRenderer {
  #frame: ScriptFrame | null = null;

  constructor(private readonly mimeType: string) {
    super();
  }

  async renderModel({ data }: IRenderMime.IMimeModel): Promise<void> {
    const drawing = DRAWINGS[this.mimeType];
    if (!drawing) return;
    const libraries = await librariesNamed(drawing.libraries);
    if (this.isDisposed) return;
    this.#frame?.dispose();
    const script = drawing.draw(JSON.stringify(data[this.mimeType]));
    this.#frame = new ScriptFrame({ libraries, parts: [{ script }] });
    this.node.replaceChildren(this.#frame.node);
  }

  override dispose(): void {
    this.#frame?.dispose();
    super.dispose();
  }
}
