import { expect, test } from "vitest";
import { credentialIn, withoutCredential } from "./addresses";

test("a token in the fragment is for the server that served the page", () => {
  const location = { href: "http://127.0.0.1:8888/lab-7/beaker/ui/#token=abc" };
  expect(credentialIn(location)).toEqual({
    baseUrl: "http://127.0.0.1:8888/lab-7/",
    token: "abc",
  });
});

test("a token is taken out of the address, and nothing else is", () => {
  const href = "http://127.0.0.1:8888/beaker/ui/?token=a&x=1#token=b&path=n.ipynb";
  expect(withoutCredential({ href })).toBe("http://127.0.0.1:8888/beaker/ui/?x=1#path=n.ipynb");
});

test("an address without a token names no server", () => {
  expect(credentialIn({ href: "http://127.0.0.1:8888/beaker/ui/" })).toBeNull();
});

test("another server may be named beside its token", () => {
  const location = { href: "http://127.0.0.1:5173/#server=http://127.0.0.1:8888&token=abc" };
  expect(credentialIn(location)).toEqual({ baseUrl: "http://127.0.0.1:8888/", token: "abc" });
});
