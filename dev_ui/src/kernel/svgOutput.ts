/** A drawing among the outputs, shown as an image: there no script runs, and nothing is fetched. */

import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";

const SVG = "image/svg+xml";

export const svgFactory: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: [SVG],
  createRenderer: () => new SvgOutput(),
};

class SvgOutput extends Widget implements IRenderMime.IRenderer {
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const image = document.createElement("img");
    image.alt = "drawing";
    image.src = `data:${SVG},${encodeURIComponent(named(String(model.data[SVG])))}`;
    this.node.replaceChildren(image);
  }
}

/** Give a drawing the name of its language, without which it is no image. */
function named(source: string): string {
  const has = /<svg[^>]*\sxmlns=/.test(source);
  return has ? source : source.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
}
