/** What renders outputs: JupyterLab's own renderers, but for those of errors and scripts. */

import {
  errorRendererFactory,
  type IRenderMime,
  type IRenderMimeRegistry,
  imageRendererFactory,
  latexRendererFactory,
  markdownRendererFactory,
  RenderMimeRegistry,
  textRendererFactory,
} from "@jupyterlab/rendermime";
import { marked } from "marked";
import type { CellScripts } from "./cellScripts";
import { errorFactory } from "./errorOutput";
import { figureFactory } from "./figureOutput";
import { PageSanitizer } from "./sanitizer";
import { htmlFactory, javascriptFactory } from "./scriptOutput";
import { svgFactory } from "./svgOutput";
import { type KernelOf, widgetFactory } from "./widgetTarget";

const FACTORIES: readonly IRenderMime.IRendererFactory[] = [
  errorRendererFactory,
  imageRendererFactory,
  latexRendererFactory,
  markdownRendererFactory,
  textRendererFactory,
];

const latexTypesetter: IRenderMime.ILatexTypesetter = {
  typeset: async (node) => (await import("./latex")).typeset(node),
};

const markdownParser: IRenderMime.IMarkdownParser = {
  render: async (source) => marked.parse(source, { async: true }),
};

/** Make a registry for one cell; `kernel` says whose widgets it shows. */
export function newRendermime(kernel: KernelOf, scripts: CellScripts): IRenderMimeRegistry {
  const sanitizer = new PageSanitizer();
  const registry = new RenderMimeRegistry({
    initialFactories: FACTORIES,
    sanitizer,
    latexTypesetter,
    markdownParser,
  });
  registry.addFactory(htmlFactory(scripts), 50);
  registry.addFactory(javascriptFactory(scripts), 100);
  registry.addFactory(errorFactory, 100);
  registry.addFactory(figureFactory, 40);
  registry.addFactory(svgFactory, 80);
  registry.addFactory(widgetFactory(kernel), -10);
  return registry;
}
