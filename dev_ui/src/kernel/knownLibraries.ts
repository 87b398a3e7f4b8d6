/** Libraries that draw figures: the page has them, so that no output needs to fetch them. */

import plotlyFile from "plotly.js-dist-min/plotly.min.js?url";
import vegaFile from "vega/build/vega.min.js?url";
import embedFile from "vega-embed/build/vega-embed.min.js?url";
import vegaLiteFile from "vega-lite/build/vega-lite.min.js?url";

/** A library, and the part of an address that names it wherever else it is fetched from. */
export interface KnownLibrary {
  readonly named: string;
  readonly library: string;
}

const FILES: Readonly<Record<string, string>> = {
  "npm/vega@": vegaFile,
  "npm/vega-lite@": vegaLiteFile,
  "npm/vega-embed@": embedFile,
  "cdn.plot.ly/plotly": plotlyFile,
};

export const VEGA: readonly string[] = ["npm/vega@", "npm/vega-lite@", "npm/vega-embed@"];
export const PLOTLY: readonly string[] = ["cdn.plot.ly/plotly"];

/** Fetched with the first figure that needs it, from where the page is from. */
const fetched = new Map<string, Promise<KnownLibrary>>();

export function librariesNamed(names: readonly string[]): Promise<KnownLibrary[]> {
  return Promise.all(names.map(library));
}

/** The libraries that a text would fetch from elsewhere. */
export function librariesIn(text: string): Promise<KnownLibrary[]> {
  return librariesNamed(Object.keys(FILES).filter((named) => text.includes(named)));
}

function library(named: string): Promise<KnownLibrary> {
  const known = fetched.get(named) ?? get(named);
  fetched.set(named, known);
  known.catch(() => fetched.delete(named));
  return known;
}

async function get(named: string): Promise<KnownLibrary> {
  const reply = await fetch(FILES[named] ?? "");
  if (!reply.ok) throw new Error(`what draws this figure can't be fetched: ${reply.statusText}`);
  return { named, library: await reply.text() };
}
