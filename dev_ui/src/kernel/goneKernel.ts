/** Notes that a kernel isn't there any more, when a connection to it can't be opened. */

import { type Kernel, KernelAPI, ServerConnection } from "@jupyterlab/services";
import type { Gone } from "./types";

/** Jupyter's library looks for the kernel when the server turns a websocket away. */
export class KernelWatch extends KernelAPI.KernelAPIClient {
  constructor(
    settings: ServerConnection.ISettings,
    private readonly gone: (why: Gone) => void,
  ) {
    super({ serverSettings: settings });
  }

  override async getModel(id: string): Promise<Kernel.IModel | undefined> {
    try {
      const model = await super.getModel(id);
      if (model) return model;
    } catch (error) {
      if (isRefusal(error)) this.gone("refused");
      throw error;
    }
    this.gone("ended");
    // Or the library would knock on and on.
    return { id, name: "", execution_state: "dead" };
  }
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof ServerConnection.ResponseError)) return false;
  return error.response.status === 401 || error.response.status === 403;
}
