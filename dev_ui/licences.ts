/** A notice of the packages in the build, with their licences: THIRD-PARTY.txt. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

export function licences(): Plugin {
  return {
    name: "licences",
    generateBundle() {
      const folders = new Set([...this.getModuleIds()].map(packageOf).filter((it) => it !== null));
      const source = [...folders].map(notice).sort().join("\n\n");
      this.emitFile({ type: "asset", fileName: "THIRD-PARTY.txt", source });
    },
  };
}

/** Return the folder of the package that a module is from; null for our own. */
function packageOf(module: string): string | null {
  const path = module.replace(/^\0/, "").split("?")[0] ?? "";
  if (!path.includes("/node_modules/")) return null;
  let folder = dirname(path);
  while (!isPackage(folder)) folder = dirname(folder);
  return folder;
}

/** Tell a package's folder from one that says only how its modules are to be read. */
function isPackage(folder: string): boolean {
  const file = join(folder, "package.json");
  return existsSync(file) && "version" in JSON.parse(readFileSync(file, "utf8"));
}

function notice(folder: string): string {
  const text = readFileSync(join(folder, "package.json"), "utf8");
  const { name, version, license } = JSON.parse(text) as Package;
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const terms = file ? readFileSync(join(folder, file), "utf8").trim() : "";
  return [`${name} ${version} (${license ?? "see below"})`, terms].join("\n");
}
