/** What one reads while the model says nothing. */

import type { Silence } from "~/kernel/types";

/** Say in a few words what is waited for, and how long already. */
export function silenceText(silence: Silence): string {
  const { model, attempt, attempts, reason, again_in_s: again, thinking } = silence;
  const which = attempt > 1 || again !== undefined ? ` · attempt ${attempt} of ${attempts}` : "";
  if (again !== undefined)
    return `${reason ?? "no answer"}: asking ${model} again in ${Math.ceil(again)} s${which}`;
  const seconds = ` · ${Math.round(silence.seconds)} s`;
  return thinking ? `${model} is thinking${seconds}` : `waiting for ${model}${seconds}${which}`;
}
