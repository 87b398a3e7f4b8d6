/** An editor for one cell: CodeMirror, with the kernel's completions and what it knows of names. */

import {
  acceptCompletion,
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  startCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentMore } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import {
  type Command,
  drawSelection,
  EditorView,
  type KeyBinding,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import type { LiveKernel } from "~/kernel/types";
import { plainText } from "./ansi";
import { inspection } from "./inspection";
import { markedLine } from "./markedLine";
import { theme } from "./theme";

/** What an editor asks of the place where it stands; read anew at each use. */
export interface EditorSurroundings {
  readonly kernel: LiveKernel | null;
  /** Keys that go before the editor's own. */
  readonly keys: readonly KeyBinding[];
  readonly label: string;
  readonly hint: string;
  /** Text is wrapped, code isn't. */
  readonly wraps?: boolean;
}

export const language = new Compartment();
export const numbers = new Compartment();

/** The keys that notebooks use for themselves, or that would do the same thing twice. */
const NOT_OURS = new Set(["Mod-Enter", "Shift-Mod-k", "Escape", "Ctrl-l", "Mod-k", "Mod-l"]);
const OWN_KEYS = defaultKeymap
  .filter((binding) => !NOT_OURS.has(binding.key ?? ""))
  .map((binding) => (binding.key === "Enter" ? { key: "Enter", run: binding.run } : binding))
  .filter((binding) => binding.run !== undefined) as KeyBinding[];

export function editorExtensions(around: () => EditorSurroundings): Extension {
  const { keys, label, hint, wraps = false } = around();
  const asItIsThen = (binding: KeyBinding, at: number): KeyBinding => ({
    ...binding,
    run: (view) => around().keys[at]?.run?.(view) ?? false,
  });
  return [
    Prec.highest(keymap.of([{ key: "Tab", run: tab }, ...keys.map(asItIsThen)])),
    inspection((code, cursor) => inspect(around().kernel, code, cursor)),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...OWN_KEYS]),
    history(),
    drawSelection(),
    closeBrackets(),
    bracketMatching(),
    indentOnInput(),
    indentUnit.of("    "),
    autocompletion({
      activateOnTyping: false,
      interactionDelay: 0, // it was asked for: the next key means it
      icons: false,
      override: [(context) => complete(around().kernel, context)],
    }),
    EditorState.allowMultipleSelections.of(true),
    wraps ? EditorView.lineWrapping : [],
    EditorView.contentAttributes.of({ "aria-label": label }),
    hint ? placeholder(hint) : [],
    markedLine,
    language.of([]),
    numbers.of([]),
    theme,
  ];
}

export function lineNumbersIf(shown: boolean): Extension {
  return shown ? lineNumbers() : [];
}

/** Tab takes a completion, asks for one behind a word, and indents elsewhere. */
const tab: Command = (view) => {
  const { main } = view.state.selection;
  const line = view.state.doc.lineAt(main.head);
  const before = line.text.slice(0, main.head - line.from);
  if (acceptCompletion(view)) return true;
  if (!main.empty) return indentMore(view);
  if (/\S$/.test(before)) return startCompletion(view);
  view.dispatch(view.state.replaceSelection("    "));
  return true;
};

async function complete(
  kernel: LiveKernel | null,
  context: CompletionContext,
): Promise<CompletionResult | null> {
  if (!kernel) return null;
  const { matches, from, to } = await kernel.complete(context.state.doc.toString(), context.pos);
  const options = matches.map((label) => ({ label }));
  return options.length > 0 ? { from, to, options, filter: false } : null;
}

async function inspect(kernel: LiveKernel | null, code: string, cursor: number) {
  const found = await kernel?.inspect(code, cursor);
  const text = found?.["text/plain"];
  return typeof text === "string" ? plainText(text) : null;
}
