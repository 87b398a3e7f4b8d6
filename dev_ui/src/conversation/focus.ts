/** Where the person asks, to be found from elsewhere. */

export const QUESTION_ID = "beaker-question";

/** Put the keyboard on the card that waits for a word. */
export function focusApproval(id: string): void {
  document.getElementById(approvalId(id))?.focus();
}

export function approvalId(id: string): string {
  return `beaker-approval-${id}`;
}

/** Put the cursor where one asks, and say whether it is there. */
export function focusQuestion(): boolean {
  const field = document.getElementById(QUESTION_ID);
  field?.focus();
  return field !== null && document.activeElement === field;
}
