/** What an error says, and where it arose, read from Jupyter's `error` output. */

export interface RaisedError {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

export interface Traceback {
  /** The error's name and text. */
  readonly title: string;
  /** Where it arose; empty where nothing tells. */
  readonly last: string;
  /** How many calls lead there. */
  readonly frames: number;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
const COLOURS = /\x1b\[[0-9;]*m/g;
const FRAME = /^\s*(?:Cell In\[|Input In |File |~?\/\S+:\d+, in |\S+\.py:\d+)/;

export function readTraceback({ ename, evalue, traceback }: RaisedError): Traceback {
  const frames = traceback.filter((each) => FRAME.test(each.replace(COLOURS, "")));
  const title = evalue ? `${ename}: ${evalue}` : ename;
  return { title, last: frames.at(-1)?.trimEnd() ?? "", frames: frames.length };
}
