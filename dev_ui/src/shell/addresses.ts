/** Where the page finds its server, and where it keeps what it may remember of it. */

import type { ServerAddress } from "~/kernel";

export type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

const CURRENT = "beaker.server";

/**
 * Return the server that the page's address or this tab's memory names.
 *
 * `#token=` or `?token=` in the address is taken for the server that served the page; `server=`
 * beside it names another.
 */
export function addressOfPage(location: Location, storage: Storage): ServerAddress | null {
  const given = credentialIn(location);
  if (given) storage.setItem(CURRENT, JSON.stringify(given));
  return given ?? remembered(storage);
}

/** Return what the address says of a server and its token. */
export function credentialIn(location: Pick<Location, "href">): ServerAddress | null {
  const url = new URL(location.href);
  const said = new URLSearchParams(url.hash.slice(1));
  const token = said.get("token") ?? url.searchParams.get("token");
  if (token === null) return null;
  const server = said.get("server") ?? url.searchParams.get("server");
  return { baseUrl: withSlash(server ?? serverOf(url)), token };
}

/** Return the page's own address without the credential. */
export function withoutCredential(location: Pick<Location, "href">): string {
  const url = new URL(location.href);
  const said = new URLSearchParams(url.hash.slice(1));
  for (const name of ["token", "server"]) {
    url.searchParams.delete(name);
    said.delete(name);
  }
  url.hash = said.toString();
  return url.href;
}

/** Return the server that serves the page: what stands before its own folder. */
function serverOf(url: URL): string {
  const folder = url.pathname.replace(/beaker\/ui\/.*$|[^/]*$/, "");
  return url.origin + folder;
}

function withSlash(address: string): string {
  return address.endsWith("/") ? address : `${address}/`;
}

function remembered(storage: Storage): ServerAddress | null {
  const kept = storage.getItem(CURRENT);
  return kept ? (JSON.parse(kept) as ServerAddress) : null;
}
