// The folder against which paths are resolved: where the user stands, also where a task was started.

/** Tasks run in the folder of deno.json, and hand on here from where they were started. */
const variable = "PRRFL_CWD";

/** Goes there, if the program is run by a task. */
export function standWhereTyped(): void {
  const folder = Deno.env.get(variable);
  if (folder) Deno.chdir(folder);
}
