/** Opens the browser's own choice of files. */

import { Upload } from "lucide-react";
import { type ChangeEvent, useRef } from "react";
import styles from "./FilesList.module.css";

export function UploadButton({ take }: { take: (files: readonly File[]) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const choose = ({ target }: ChangeEvent<HTMLInputElement>) => {
    take([...(target.files ?? [])]);
    target.value = ""; // the same file may be chosen again
  };
  return (
    <>
      <input ref={field} type="file" multiple hidden onChange={choose} />
      <button
        type="button"
        className={styles.icon}
        aria-label="upload files"
        title="upload files, or drop them here"
        onClick={() => field.current?.click()}
      >
        <Upload size={15} />
      </button>
    </>
  );
}
