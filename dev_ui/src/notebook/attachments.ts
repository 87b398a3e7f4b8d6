/** Images that a Markdown cell carries with it. */

import { type DocumentCell, isRecord } from "./document";

const SAFE = /^image\/(png|jpeg|gif|webp)$/;

/** The cell's Markdown, with its own images in place of their names. */
export function withAttachments(cell: DocumentCell): string {
  const attachments = cell.rest.attachments;
  if (!isRecord(attachments)) return cell.source;
  return cell.source.replace(/\(attachment:([^)\s]+)/g, (whole, name: string) => {
    const url = dataUrl(attachments[decoded(name)]);
    return url ? `(${url}` : whole;
  });
}

function dataUrl(bundle: unknown): string | null {
  if (!isRecord(bundle)) return null;
  const found = Object.entries(bundle).find(([type]) => SAFE.test(type));
  return found ? `data:${found[0]};base64,${String(found[1]).replace(/\s/g, "")}` : null;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
