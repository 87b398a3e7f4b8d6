/** Where the page finds its server, and where it keeps what it may remember of it. */

import type { ServerAddress } from "~/kernel";

export type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

const CURRENT = "beaker.server";
const KNOWN = "beaker.servers";
const MOST = 8;

/**
 * Return the server that the page's address or this tab's memory names.
 *
 * `#token=` or `?token=` in the address is taken for the server that served the page; `server=`
 * beside it names another.
 */
export function addressOfPage(location: Location, storage: Storage): ServerAddress | null {
  const given = credentialIn(location);
  if (given) remember(given, storage);
  return given ?? remembered(storage);
}

/** Keep a server for this tab. */
export function remember(address: ServerAddress, storage: Storage): void {
  storage.setItem(CURRENT, JSON.stringify(address));
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

export function withSlash(address: string): string {
  return address.endsWith("/") ? address : `${address}/`;
}

function remembered(storage: Storage): ServerAddress | null {
  const kept = storage.getItem(CURRENT);
  return kept ? (JSON.parse(kept) as ServerAddress) : null;
}

/** Return the servers that were used before, last first, without their tokens. */
export function knownServers(storage: Storage): string[] {
  return JSON.parse(storage.getItem(KNOWN) ?? "[]") as string[];
}

export function know(baseUrl: string, storage: Storage): void {
  const others = knownServers(storage).filter((known) => known !== baseUrl);
  storage.setItem(KNOWN, JSON.stringify([baseUrl, ...others].slice(0, MOST)));
}
