/** The server said no; `status` is that of HTTP. */
export class FileError extends Error {
  override name = "FileError";

  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}
