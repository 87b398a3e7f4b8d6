import { expect, test } from "vitest";
import { silenceText } from "./silence";

const SILENCE = { model: "m", seconds: 2.8, attempt: 1, attempts: 4 };

test("it names the model and how long it has been silent", () => {
  expect(silenceText(SILENCE)).toBe("waiting for m · 3 s");
  expect(silenceText({ ...SILENCE, thinking: true })).toBe("m is thinking · 3 s");
});

test("it says why and when the model is asked again", () => {
  const again = { ...SILENCE, attempt: 2, reason: "too many requests", again_in_s: 1.2 };
  expect(silenceText(again)).toBe("too many requests: asking m again in 2 s · attempt 2 of 4");
  expect(silenceText({ ...SILENCE, attempt: 2 })).toBe("waiting for m · 3 s · attempt 2 of 4");
});
