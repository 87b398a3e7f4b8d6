import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { diagnose } from "./probe";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Answer as a Jupyter Server would; return its address. */
async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function jupyter(version: string, kernels: string[]): RequestListener {
  return (request, response) => {
    const known = request.headers.authorization === "token right";
    const api = request.url === "/api";
    response.statusCode = api || known ? 200 : 403;
    const kernelspecs = Object.fromEntries(kernels.map((name) => [name, {}]));
    response.end(JSON.stringify(api ? { version } : { kernelspecs }));
  };
}

async function found(baseUrl: string, token = "right"): Promise<string> {
  return (await diagnose({ baseUrl, token }, "http://page.example")).kind;
}

test("a server with the kernel is good", async () => {
  expect(await found(await serving(jupyter("2.21.1", ["beaker", "python3"])))).toBe("good");
});

test("a server without the kernel serves as a notebook", async () => {
  expect(await found(await serving(jupyter("2.21.1", ["python3"])))).toBe("plain");
});

test("a wrong token is told apart from a wrong server", async () => {
  const address = await serving(jupyter("2.21.1", ["beaker"]));
  expect(await found(address, "wrong")).toBe("token");
  expect(await found(await serving((_, response) => response.end("<p>hello")))).toBe("foreign");
});

test("a server that is too old is named", async () => {
  expect(await found(await serving(jupyter("1.24.0", ["beaker"])))).toBe("old");
});

test("no address and nobody there are two things", async () => {
  expect(await found("localhost:8888")).toBe("malformed");
  const address = await serving(jupyter("2.21.1", []));
  await new Promise((closed) => servers.pop()?.close(closed));
  expect(await found(address)).toBe("silent");
});
