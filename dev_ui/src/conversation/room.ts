/** One kernel's conversation as the page has it: what was said, what may be done. */

import { atom, computed } from "nanostores";
import type { LiveCell } from "~/cells";
import type {
  Beaker,
  BeakerEvent,
  ExecutionResult,
  InputRequest,
  LiveKernel,
  Part,
  Policy,
  Silence,
} from "~/kernel";
import type { BeakerMessages, KeptConversation } from "~/kernel/protocol";
import { AnswerCells } from "./answerCells";
import { fixQuestion } from "./fix";
import { BrowserKeptCells } from "./kept";
import { type Said, saidIn } from "./said";
import {
  type Approval,
  begin,
  finish,
  leave,
  NO_TURNS,
  settle,
  type Turn,
  type TurnState,
  type Turns,
  take,
} from "./turns";
import { waitingCells } from "./waiting";

export type Session = Extract<BeakerMessages["beaker_session_info_reply"], { status: "ok" }>;

/** What the model waits for from the person, and for which question. */
export interface Asked {
  readonly request: InputRequest;
  readonly turn: string;
}

type Reply = { readonly status: string; readonly evalue?: string };

/** Times in a row that results go back by themselves before the person has to ask again. */
export const ROUNDS = 3;
export const GO_ON = "I ran the code; what it put out is among the cells. Go on.";

export class ConversationRoom {
  readonly cells: AnswerCells;
  readonly turns = atom<Turns>(NO_TURNS);
  readonly session = atom<Session | null>(null);
  /** What the model isn't told with the next questions. */
  readonly without = atom<readonly Part[]>([]);
  /** Cells of answers that have run since the model was told anything. */
  readonly unseen = atom<readonly LiveCell[]>([]);
  readonly goesOnAlone = atom(false);
  readonly problem = atom("");
  readonly asked = atom<Asked | null>(null);
  /** What is waited for, and for which question. */
  readonly silence = atom<{ readonly silence: Silence; readonly turn: string } | null>(null);
  readonly running = computed(this.turns, ({ turns }) => turns.filter(isRunning));
  readonly waiting = computed(this.turns, waitingCells);
  #now: Turns = NO_TURNS;
  #frame = 0;
  /** The questions of this page; each is over with its reply. */
  readonly #own = new Set<string>();
  #rounds = 0;
  #caughtUp = false;
  #end: ((status: "ok" | "error") => void) | null = null;

  constructor(
    readonly kernel: LiveKernel,
    private readonly beaker: Beaker,
  ) {
    this.cells = new AnswerCells(kernel, new BrowserKeptCells(kernel.place));
    kernel.onInput((request, turn) => this.asked.set({ request, turn }));
    void this.#enter();
  }

  ask(question: string): void {
    this.#rounds = 0;
    void this.#ask(question);
  }

  /** Have the model go on with what the person's runs have put out. */
  goOn(): void {
    void this.#ask(GO_ON);
  }

  stop(): void {
    void this.#done(this.beaker.cancel());
  }

  decide({ request }: Approval, decision: "run" | "edit" | "reject", code?: string): void {
    void this.#done(this.beaker.approve(request, decision, code));
  }

  /** Tell the model what it asked. */
  answer(value: string): void {
    const asked = this.asked.get();
    this.asked.set(null);
    asked?.request.answer(value);
  }

  async run(cell: LiveCell): Promise<void> {
    await this.cells.run(cell);
    if (cell.state.get().kind !== "done") return;
    this.unseen.set([...this.unseen.get().filter((each) => each !== cell), cell]);
    const free = this.running.get().length === 0 && this.#rounds < ROUNDS;
    if (!this.goesOnAlone.get() || !free) return;
    this.#rounds += 1;
    this.goOn();
  }

  async choosePolicy(policy: Policy): Promise<void> {
    await this.#done(this.beaker.setPolicy(policy));
    await this.refresh();
  }

  async chooseModel(name: string): Promise<void> {
    const profile = this.session.get()?.models.includes(name) ?? false;
    const named = profile ? { provider_id: name } : { model_config: { model_name: name } };
    await this.#done(this.beaker.setModel(name ? named : {}));
    await this.refresh();
  }

  briefing(question: string): Promise<BeakerMessages["briefing_reply"]> {
    return this.beaker.briefing(question, this.without.get());
  }

  /** The conversations that are kept of this notebook, and in which a text stands. */
  async kept(search: string): Promise<readonly KeptConversation[]> {
    const reply = await this.beaker.conversations(search);
    return reply.status === "ok" ? reply.conversations : [];
  }

  /** What was said in a conversation that is kept. */
  async read(id: string): Promise<readonly Said[]> {
    const reply = await this.beaker.conversation(id);
    return reply.status === "ok" ? saidIn(reply.messages) : [];
  }

  async variables(): Promise<readonly { name: string; type: string }[]> {
    const reply = await this.beaker.variables();
    return reply.status === "ok" ? reply.variables : [];
  }

  /** Begin anew; the variables stay. */
  async reset(): Promise<void> {
    await this.#done(this.beaker.reset());
    await this.#beginAnew();
  }

  /** Ask anew which model and policy there are. */
  async refresh(): Promise<void> {
    const info = await this.beaker.info();
    if (info.status !== "ok") return this.problem.set(info.evalue);
    this.session.set(info);
    await this.cells.enter(info.conversation);
  }

  async #enter(): Promise<void> {
    await this.refresh();
    // Not earlier: what is heard until now is sent again, and would be taken for another answer.
    this.beaker.onEvent((event, question) => this.#hear(event, question));
    this.beaker.onNewConversation(() => void this.#beginAnew());
    this.beaker.onSilence((silence, turn) => this.silence.set({ silence, turn }));
    const reply = await this.beaker.resume(0);
    if (reply.status === "ok")
      this.#set(settle(this.#now, new Set([...reply.running, ...this.#own])));
    this.#caughtUp = true;
    for (const turn of this.#now.turns.filter(isRunning)) this.#adopt(turn);
  }

  /** Let go of the conversation, and of all that is kept of it in the browser. */
  async #beginAnew(): Promise<void> {
    this.#now = leave(this.#now);
    this.turns.set(this.#now); // at once: what still showed a cell would make it anew
    this.#leave("error");
    this.cells.leave();
    this.unseen.set([]);
    await this.refresh();
  }

  async #ask(question: string): Promise<void> {
    this.problem.set("");
    this.unseen.set([]);
    const { msgId, done } = this.beaker.ask(question, this.without.get());
    this.#own.add(msgId);
    this.#set(begin(this.#now, msgId, question));
    const reply = await done;
    this.#own.delete(msgId);
    if (this.asked.get()?.turn === msgId) this.asked.set(null);
    if (this.silence.get()?.turn === msgId) this.silence.set(null);
    this.#set(finish(this.#now, msgId, endOf(reply)));
    if (!this.session.get()?.model) await this.refresh();
  }

  #hear(event: BeakerEvent, question: string): void {
    this.#set(take(this.#now, event, question));
    if (this.silence.get()?.turn === question) this.silence.set(null);
    if (!this.#caughtUp) return;
    const turn = this.#now.turns.find(({ id }) => id === question);
    if (event.type === "add_child_codecell" && turn) this.#adopt(turn);
    if (event.type === "tool_call_update" && event.content.state !== "running")
      this.#leave(event.content.state === "done" ? "ok" : "error");
    if (event.type === "llm_ended") this.#leave(event.content.status);
  }

  /** Have what the question's code puts out appear in the cell that shows it. */
  #adopt(turn: Turn): void {
    const code = turn.parts.findLast((part) => part.kind === "code");
    const runs = turn.parts.some((part) => part.kind === "tool" && part.state === "running");
    if (!code?.ran || !runs) return;
    this.#leave("ok");
    this.#end = this.cells.adopt(code.id, code.code, turn.id);
  }

  #leave(status: "ok" | "error"): void {
    this.#end?.(status);
    this.#end = null;
  }

  /** Show a new state with the next frame; many pieces of an answer come between two. */
  #set(turns: Turns): void {
    this.#now = turns;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.turns.set(this.#now);
    });
  }

  async #done(asked: Promise<Reply>): Promise<void> {
    const reply = await asked;
    if (reply.status !== "ok") this.problem.set(reply.evalue ?? "");
  }
}

const rooms = new WeakMap<Beaker, ConversationRoom>();

/** The room of a kernel's conversation; it lives as long as the connection to the kernel. */
export function roomOf(kernel: LiveKernel, beaker: Beaker): ConversationRoom {
  const room = rooms.get(beaker) ?? new ConversationRoom(kernel, beaker);
  rooms.set(beaker, room);
  return room;
}

/** Ask the kernel's model to mend a cell, where it has one. */
export function askToFix(kernel: LiveKernel, source: string, error: ExecutionResult): void {
  const beaker = kernel.beaker.get();
  if (beaker) roomOf(kernel, beaker).ask(fixQuestion(source, error));
}

function isRunning({ state }: Turn): boolean {
  return state.kind === "running";
}

function endOf(reply: BeakerMessages["llm_reply"]): TurnState {
  if (reply.status === "ok") return { kind: "ok" };
  if (reply.ename === "KeyboardInterrupt") return { kind: "stopped" };
  return { kind: "failed", ename: reply.ename, evalue: reply.evalue };
}
