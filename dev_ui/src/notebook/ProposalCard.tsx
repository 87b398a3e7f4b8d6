/** What the model would make of a cell, line by line, and the person's word on it. */

import type { Proposal } from "./cellOps";
import { lineDiff } from "./lineDiff";
import styles from "./Notebook.module.css";
import type { Notebook } from "./notebook";

export interface ProposalCardProps {
  readonly notebook: Notebook;
  readonly id: string;
  readonly proposal: Proposal;
}

export function ProposalCard({ notebook, id, proposal }: ProposalCardProps) {
  const now = notebook.editing.text(id).get();
  const deletes = proposal.source === null;
  return (
    <section className={styles.proposal} aria-label="the model proposes a change">
      <p className={styles.proposed}>
        {deletes ? "The model would delete this cell." : "The model would change this cell:"}
      </p>
      {proposal.source !== null && <Diff before={now} after={proposal.source} />}
      <div className={styles.choices}>
        <button type="button" className={styles.main} onClick={() => notebook.settle(id, true)}>
          {deletes ? "delete it" : "take it"}
        </button>
        <button type="button" className={styles.choice} onClick={() => notebook.settle(id, false)}>
          leave it
        </button>
      </div>
    </section>
  );
}

function Diff({ before, after }: { before: string; after: string }) {
  return (
    <pre className={styles.diff}>
      {lineDiff(before, after).map(({ sign, text }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a diff never move
        <div key={at} data-sign={sign}>
          {`${sign} ${text}`}
        </div>
      ))}
    </pre>
  );
}
