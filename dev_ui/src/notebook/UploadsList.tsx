/** The files that are on their way, with what stands in their way. */

import { useStore } from "@nanostores/react";
import { X } from "lucide-react";
import { IconButton } from "~/style/IconButton";
import styles from "./UploadsList.module.css";
import type { Upload, Uploads } from "./uploads";

export function UploadsList({ uploads }: { uploads: Uploads }) {
  const all = useStore(uploads.all);
  if (all.length === 0) return null;
  return (
    <ul className={styles.list} aria-label="uploads">
      {all.map((upload) => (
        <li key={upload.path} className={styles.upload} data-kind={upload.state.kind}>
          <Told upload={upload} again={() => uploads.again(upload)} />
          <IconButton
            icon={X}
            title={`don't upload ${upload.file.name}`}
            onClick={() => uploads.drop(upload)}
          />
        </li>
      ))}
    </ul>
  );
}

function Told({ upload: { file, state }, again }: { upload: Upload; again: () => void }) {
  switch (state.kind) {
    case "waiting":
      return <span className={styles.said}>{file.name}</span>;
    case "sending":
      return (
        <label className={styles.said}>
          {file.name}
          <progress className={styles.progress} value={state.done} />
        </label>
      );
    case "exists":
      return (
        <span className={styles.said} role="alert">
          There is a {file.name} already.{" "}
          <button type="button" onClick={again}>
            replace it
          </button>
        </span>
      );
    case "failed":
      return (
        <span className={styles.said} role="alert">
          {file.name} was not uploaded: {state.reason}.{" "}
          <button type="button" onClick={again}>
            try again
          </button>
        </span>
      );
    default:
      return state satisfies never;
  }
}
