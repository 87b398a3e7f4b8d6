/** Where the person asks, to be found from elsewhere. */

export const QUESTION_ID = "beaker-question";

/** Put the cursor there. */
export function focusQuestion(): void {
  document.getElementById(QUESTION_ID)?.focus();
}
