// Runs the tests: two files at a time for each core of a small machine, for half of the time they wait for the GPU.

const { hardwareConcurrency: cores } = navigator;
const jobs = Math.max(cores, Math.min(2 * cores, 8));
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--parallel", "--no-check", ...Deno.args], // `deno check` is for types
  env: { DENO_JOBS: Deno.env.get("DENO_JOBS") ?? String(jobs) },
}).spawn().status;
Deno.exit(code);
