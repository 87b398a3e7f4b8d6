/** What renders outputs: JupyterLab's own renderers, of which none runs a script. */

import {
  errorRendererFactory,
  htmlRendererFactory,
  type IRenderMime,
  type IRenderMimeRegistry,
  imageRendererFactory,
  latexRendererFactory,
  markdownRendererFactory,
  RenderMimeRegistry,
  textRendererFactory,
} from "@jupyterlab/rendermime";
import { marked } from "marked";
import { PageSanitizer } from "./sanitizer";
import { svgFactory } from "./svgOutput";
import { type KernelOf, widgetFactory } from "./widgetTarget";

const FACTORIES: readonly IRenderMime.IRendererFactory[] = [
  errorRendererFactory,
  htmlRendererFactory,
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
export function newRendermime(kernel: KernelOf): IRenderMimeRegistry {
  const sanitizer = new PageSanitizer();
  const registry = new RenderMimeRegistry({
    initialFactories: FACTORIES,
    sanitizer,
    latexTypesetter,
    markdownParser,
  });
  registry.addFactory(svgFactory, 80);
  registry.addFactory(widgetFactory(kernel), -10);
  return registry;
}
