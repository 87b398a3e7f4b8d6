import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { licences } from "./licences.ts";

/** Packages whose doors are for bundlers; a frame is given the file that is whole. */
const VEGA = ["vega", "vega-lite", "vega-embed"];

export default defineConfig({
  base: "./",
  plugins: [react(), licences()],
  resolve: { alias: { "~": beside("src"), ...Object.fromEntries(VEGA.map(whole)) } },
  optimizeDeps: { exclude: VEGA },
  server: { host: "127.0.0.1", strictPort: true },
  build: {
    outDir: "../beaker_kernel/static/ui",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // the page's policy lets no font in but from a file
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});

function whole(name: string): [string, string] {
  return [`${name}/build`, beside(`node_modules/${name}/build`)];
}

function beside(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
