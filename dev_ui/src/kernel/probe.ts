/** What is at an address, and if it is no server for us, what is wrong and what to do about it. */

import type { ServerAddress } from "./types";

export type Diagnosis =
  | { readonly kind: "good"; readonly version: string; readonly kernels: readonly string[] }
  | { readonly kind: "plain"; readonly version: string; readonly kernels: readonly string[] }
  | { readonly kind: "malformed" }
  | { readonly kind: "silent" }
  | { readonly kind: "closed"; readonly origin: string }
  | { readonly kind: "forbidden" }
  | { readonly kind: "foreign" }
  | { readonly kind: "old"; readonly version: string }
  | { readonly kind: "token" };

const OLDEST = 2;
const A_MOMENT_MS = 100;

/** Ask a server what it is, as a page of `origin` with its own `fetch`. */
export async function diagnose(
  address: ServerAddress,
  origin: string = location.origin,
  ask: typeof fetch = fetch,
): Promise<Diagnosis> {
  if (!/^https?:\/\/[^/]/.test(address.baseUrl)) return { kind: "malformed" };
  const forbidden = watchPolicy();
  try {
    return await examine(address, ask);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const there = await isThere(address, ask);
    // The browser tells of its refusal a moment after the request has failed.
    await new Promise((told) => setTimeout(told, A_MOMENT_MS));
    if (forbidden()) return { kind: "forbidden" };
    return there ? { kind: "closed", origin } : { kind: "silent" };
  }
}

async function examine(address: ServerAddress, ask: typeof fetch): Promise<Diagnosis> {
  const version = await versionAt(address, ask);
  if (version === null) return { kind: "foreign" };
  if (Number.parseInt(version, 10) < OLDEST) return { kind: "old", version };
  const headers = { Authorization: `token ${address.token}` };
  const answer = await ask(`${address.baseUrl}api/kernelspecs`, { headers, cache: "no-store" });
  if (answer.status === 401 || answer.status === 403) return { kind: "token" };
  const { kernelspecs } = (await answer.json()) as { kernelspecs: Record<string, unknown> };
  const kernels = Object.keys(kernelspecs);
  return { kind: kernels.includes("beaker") ? "good" : "plain", version, kernels };
}

async function versionAt(address: ServerAddress, ask: typeof fetch): Promise<string | null> {
  const answer = await ask(`${address.baseUrl}api`, { cache: "no-store" });
  const said: unknown = answer.ok ? await answer.json().catch(() => null) : null;
  const known = typeof said === "object" && said !== null && "version" in said;
  return known ? String(said.version) : null;
}

/**
 * Tell whether anything answers, though we may not read what.
 *
 * By POST, with which a browser says where the page is from: a headless server hides its answers
 * from other pages, but not that it refuses one.
 */
async function isThere(address: ServerAddress, ask: typeof fetch): Promise<boolean> {
  const answer = ask(`${address.baseUrl}api`, { method: "POST", mode: "no-cors" });
  return answer.then(
    () => true,
    () => false,
  );
}

/** Note whether the page's own policy forbids what is asked from now on. */
function watchPolicy(): () => boolean {
  if (typeof document === "undefined") return () => false;
  let seen = false;
  const note = (): void => {
    seen = true;
  };
  document.addEventListener("securitypolicyviolation", note);
  return () => {
    document.removeEventListener("securitypolicyviolation", note);
    return seen;
  };
}
