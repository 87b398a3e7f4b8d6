import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { licences } from "./licences";

export default defineConfig({
  base: "./",
  plugins: [react(), licences()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { host: "127.0.0.1", strictPort: true },
  build: {
    outDir: "../beaker_kernel/static/ui",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // the page's policy lets no font in but from a file
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
