// The end of a command that a signal stopped.

/** Its message says how far the command got, and where its files are. */
export class Interruption extends Error {
  override readonly name = "Interruption";
}

/** The signals that end a command in good order, and the exit code that shells expect of each. */
export const stopSignals = { SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof stopSignals;

/**
 * Asks the command to stop at the first signal; a second one ends the process at once.
 *
 * @returns its reason, once aborted, is the signal's name
 */
export function interruptible(): AbortSignal {
  const controller = new AbortController();
  for (const name of Object.keys(stopSignals) as StopSignal[]) {
    if (name === "SIGTERM" && Deno.build.os === "windows") continue; // unknown there
    Deno.addSignalListener(name, () => {
      if (controller.signal.aborted) Deno.exit(stopSignals[name]);
      controller.abort(name);
    });
  }
  return controller.signal;
}
