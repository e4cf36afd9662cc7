// Pictures and pages: what is drawn from stored rows can be drawn again, so its failure ends nothing.

/** Draws; if that fails, says so on standard error and goes on. */
export async function drawn(what: string, draw: () => Promise<void>): Promise<boolean> {
  try {
    await draw();
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const line = reason.split("\n")[0];
    console.error(
      `note: cannot draw ${what} (${line}); the numbers are stored: "report" draws it again`,
    );
    return false;
  }
}
