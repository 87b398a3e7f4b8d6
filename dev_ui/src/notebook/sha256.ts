/** The hash by which page and model tell whether a cell still is what they have seen. */

import { sha256 as hash } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** SHA-256 of a source in UTF-8, in hex; at once, and on pages that were not fetched by TLS, too. */
export function sha256(source: string): string {
  return bytesToHex(hash(utf8ToBytes(source)));
}
