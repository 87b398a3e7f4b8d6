import { useStore } from "@nanostores/react";
import { type KeyboardEvent, useState } from "react";
import { type Command, commands, matching, possible } from "./commands";
import { Dialog } from "./Dialog";
import { closeDialog } from "./dialogs";
import { Keys } from "./Keys";
import styles from "./Palette.module.css";

/** Every command, found by typing. */
export function Palette() {
  const table = useStore(commands);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(0);
  const found = matching(possible(table), query);

  function press(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setChosen((at) => (at + step + found.length) % Math.max(found.length, 1));
    else if (event.key === "Enter") run(found[chosen]);
    else return;
    event.preventDefault();
  }

  function type(text: string): void {
    setQuery(text);
    setChosen(0);
  }

  return (
    <Dialog title="commands" onClose={closeDialog} bare>
      <input
        className={styles.query}
        role="combobox"
        aria-label="find a command"
        aria-expanded
        aria-controls="palette"
        aria-activedescendant={found[chosen] && optionId(found[chosen])}
        placeholder="find a command"
        value={query}
        onChange={(event) => type(event.target.value)}
        onKeyDown={press}
      />
      <div className={styles.list} id="palette" role="listbox" aria-label="commands">
        {found.map((command, at) => (
          <Option key={command.id} command={command} chosen={at === chosen} />
        ))}
      </div>
      {found.length === 0 && <p className={styles.nothing}>no command has these words</p>}
    </Dialog>
  );
}

function Option({ command, chosen }: { command: Command; chosen: boolean }) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the input's
    <div
      id={optionId(command)}
      className={styles.option}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      ref={chosen ? (node) => node?.scrollIntoView({ block: "nearest" }) : null}
      onClick={() => run(command)}
    >
      <span className={styles.group}>{command.group}</span>
      <span className={styles.title}>{command.title}</span>
      {command.keys?.[0] && <Keys chord={command.keys[0]} />}
    </div>
  );
}

function optionId(command: Command): string {
  return `command-${command.id}`;
}

function run(command: Command | undefined): void {
  if (!command) return;
  closeDialog();
  command.run();
}
