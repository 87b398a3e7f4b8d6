import { atom } from "nanostores";
import { expect, test } from "vitest";
import type { ExecutionResult, LiveKernel, Outputs, RunListener } from "~/kernel/types";
import { LiveCell } from "./liveCell";
import { RunQueue } from "./runQueue";

/** What a kernel says to the cells that are sent to it, in the order in which they come. */
class Said {
  readonly asked: string[] = [];
  readonly #answers: ((result: ExecutionResult) => void)[] = [];
  readonly #listeners: RunListener[] = [];

  cell(source: string): LiveCell {
    const run: Outputs["run"] = (_kernel, _code, listener) => {
      this.asked.push(source);
      this.#listeners.push(listener);
      return new Promise<ExecutionResult>((resolve) => this.#answers.push(resolve));
    };
    return new LiveCell(source, atom(source), () => ({ run }) as unknown as Outputs);
  }

  /** Publish an error of what runs. */
  err(): void {
    this.#listeners.at(-1)?.erred();
  }

  async answer(status: ExecutionResult["status"] = "ok"): Promise<void> {
    this.#answers.shift()?.({ status, executionCount: 1 });
    await new Promise((resolve) => setTimeout(resolve));
  }
}

const KERNEL = {} as LiveKernel;
const kinds = (...cells: LiveCell[]) => cells.map((cell) => cell.state.get().kind);

test("cells run one after the other", async () => {
  const said = new Said();
  const [a, b] = [said.cell("a"), said.cell("b")];
  new RunQueue(() => KERNEL).add([a, b]);
  expect(kinds(a, b)).toEqual(["running", "queued"]);
  await said.answer();
  expect(kinds(a, b)).toEqual(["done", "running"]);
  expect(said.asked).toEqual(["a", "b"]);
});

test("what stands behind a cell that fails is not run", async () => {
  const said = new Said();
  const [a, b] = [said.cell("a"), said.cell("b")];
  const queue = new RunQueue(() => KERNEL);
  queue.add([a, b]);
  await said.answer("error");
  expect(kinds(a, b)).toEqual(["done", "idle"]);
  queue.add([b]);
  expect(said.asked).toEqual(["a", "b"]);
});

test("what is asked for with the error in view is run", async () => {
  const said = new Said();
  const [a, b] = [said.cell("a"), said.cell("b")];
  const queue = new RunQueue(() => KERNEL);
  queue.add([a, b]);
  said.err();
  queue.add([a]);
  await said.answer("error");
  expect(kinds(a, b)).toEqual(["running", "idle"]);
  expect(said.asked).toEqual(["a", "a"]);
});

test("what is asked for after an interrupt is run", async () => {
  const said = new Said();
  const [a, b] = [said.cell("a"), said.cell("b")];
  const queue = new RunQueue(() => KERNEL);
  queue.add([a, b]);
  queue.clear();
  queue.add([b]);
  await said.answer("error");
  expect(kinds(a, b)).toEqual(["done", "running"]);
});

test("an error that is shown and doesn't end its cell stops nothing", async () => {
  const said = new Said();
  const [a, b] = [said.cell("a"), said.cell("b")];
  new RunQueue(() => KERNEL).add([a, b]);
  said.err();
  await said.answer("ok");
  expect(said.asked).toEqual(["a", "b"]);
});

test("cells wait for a kernel that is being started", () => {
  const said = new Said();
  const cell = said.cell("a");
  let kernel: LiveKernel | null = null;
  const queue = new RunQueue(() => kernel);
  queue.add([cell]);
  expect(kinds(cell)).toEqual(["queued"]);
  kernel = KERNEL;
  queue.resume();
  expect(kinds(cell)).toEqual(["running"]);
});

test("a cell that waits is not asked for twice", async () => {
  const said = new Said();
  const [a, b] = [said.cell("a"), said.cell("b")];
  const queue = new RunQueue(() => KERNEL);
  queue.add([a, b]);
  queue.add([b]);
  await said.answer();
  await said.answer();
  expect(said.asked).toEqual(["a", "b"]);
});
