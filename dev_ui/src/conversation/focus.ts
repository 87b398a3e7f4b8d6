/** Where the person asks, to be found from elsewhere. */

export const QUESTION_ID = "beaker-question";

/** Put the keyboard on the card that waits for a word. */
export function focusApproval(id: string): void {
  document.getElementById(approvalId(id))?.focus();
}

export function approvalId(id: string): string {
  return `beaker-approval-${id}`;
}

/** Put the cursor where one asks. */
export function focusQuestion(): void {
  document.getElementById(QUESTION_ID)?.focus();
}
