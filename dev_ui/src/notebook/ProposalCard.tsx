/** What the model would make of a cell, line by line, and the person's word on it. */

import { difference } from "~/text";
import type { Proposal } from "./cellOps";
import styles from "./Notebook.module.css";
import type { Notebook } from "./notebook";

export interface ProposalCardProps {
  readonly notebook: Notebook;
  readonly id: string;
  readonly proposal: Proposal;
}

export function ProposalCard({ notebook, id, proposal }: ProposalCardProps) {
  const deletes = proposal.source === null;
  return (
    <section className={styles.proposal} aria-label="the model proposes a change">
      <p className={styles.proposed}>
        {deletes ? "The model would delete this cell." : "The model would change this cell:"}
      </p>
      {proposal.source !== null && (
        <Diff before={notebook.editing.text(id).get()} after={proposal.source} />
      )}
      <div className={styles.choices}>
        <button
          type="button"
          className={styles.main}
          onClick={() => notebook.wishes.settle(id, true)}
        >
          {deletes ? "delete it" : "take it"}
        </button>
        <button
          type="button"
          className={styles.choice}
          onClick={() => notebook.wishes.settle(id, false)}
        >
          leave it
        </button>
      </div>
    </section>
  );
}

const SIGNS = { same: " ", old: "-", new: "+" };

function Diff({ before, after }: { before: string; after: string }) {
  return (
    <pre className={styles.diff}>
      {difference(before, after).map(({ kind, text }, at) => (
        <div key={at} data-kind={kind}>
          {`${SIGNS[kind]} ${text}`}
        </div>
      ))}
    </pre>
  );
}
