/** Where the keyboard is in the notebook, to be found from elsewhere. */

/** Put it on the cell that is selected. */
export function focusCell(): void {
  document.querySelector<HTMLElement>("[data-cell][tabindex='0']")?.focus();
}
