import { useStore } from "@nanostores/react";
import { type Command, type CommandGroup, commands } from "./commands";
import { Dialog } from "./Dialog";
import { closeDialog } from "./dialogs";
import styles from "./Help.module.css";
import { Keys } from "./Keys";

const GROUPS: readonly CommandGroup[] = ["page", "files", "notebook", "cell", "conversation"];

/** Every key, by what it is for. */
export function Help() {
  const table = useStore(commands).filter(({ keys }) => keys?.length);
  return (
    <Dialog title="Keys" onClose={closeDialog}>
      {GROUPS.map((group) => (
        <Group key={group} group={group} table={table.filter((each) => each.group === group)} />
      ))}
    </Dialog>
  );
}

function Group({ group, table }: { group: CommandGroup; table: readonly Command[] }) {
  if (table.length === 0) return null;
  return (
    <section>
      <h3 className={styles.group}>{group}</h3>
      <dl className={styles.list}>
        {table.map(({ id, title, keys }) => (
          <div key={id} className={styles.row}>
            <dt>{title}</dt>
            <dd>
              {keys?.map((chord) => (
                <Keys key={chord} chord={chord} />
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
