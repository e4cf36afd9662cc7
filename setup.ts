// Makes sure that WebGPU has an adapter, installing Mesa's software one (lavapipe) where it may.

import { preferVulkan } from "./src/commands/webgpu_backend.ts";

/** Debian package of the software adapter, and the loader without which it is not found. */
const packages = ["mesa-vulkan-drivers", "libvulkan1"];

/** Lavapipe of Mesa 25 is about twice as fast as the 22.3 of Debian 12. */
const fastMesa = 25;

/** What to type where this program may not install, by the package manager that is there. */
const commands: Readonly<Record<string, string>> = {
  "apt-get": "apt-get install mesa-vulkan-drivers",
  "dnf": "dnf install mesa-vulkan-drivers",
  "pacman": "pacman -S vulkan-swrast",
  "zypper": "zypper install libvulkan_lvp",
  "apk": "apk add mesa-vulkan-swrast vulkan-loader",
};

/** One sentence for the user, instead of a stack trace. */
class SetupError extends Error {}

/** One version of Mesa that apt offers. */
interface Offer {
  readonly version: string;
  readonly uri: string;
  readonly suite: string;
}

async function main(): Promise<void> {
  if (await hasAdapter()) return;
  if (!has("apt-get") || Deno.uid() !== 0) throw new SetupError(advice());
  console.log("No WebGPU adapter found: installing Mesa's software adapter (lavapipe).");
  await installLavapipe();
  console.log(`Ready: ${await nameOfNewAdapter()}`);
}

async function hasAdapter(): Promise<boolean> {
  preferVulkan();
  return await navigator.gpu.requestAdapter() !== null;
}

/** The adapter that a new process finds: this one does not look twice for a Vulkan loader. */
async function nameOfNewAdapter(): Promise<string> {
  const code = "console.log((await navigator.gpu.requestAdapter())?.info.description ?? '')";
  const name = (await output(Deno.execPath(), ["eval", "--no-config", code])).trim();
  if (name === "") {
    throw new SetupError(`${packages[0]} is installed, but WebGPU still finds no adapter`);
  }
  return name;
}

/** The one command that a person has to type. */
function advice(): string {
  const manager = Object.keys(commands).find(has);
  if (manager === undefined) {
    return "no WebGPU adapter found: install or update the driver of your graphics card";
  }
  const sudo = Deno.uid() === 0 ? "" : "sudo ";
  return `no WebGPU adapter found; install a software one with: ${sudo}${commands[manager]}`;
}

function has(program: string): boolean {
  return ["/usr/bin", "/usr/sbin", "/sbin"].some((folder) => exists(`${folder}/${program}`));
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

async function installLavapipe(): Promise<void> {
  await step("Reading the package lists", ["update"]);
  const suite = await suiteWithFasterMesa();
  if (suite !== null) {
    try {
      return await step(`Installing from ${suite}`, ["install", "-t", suite, ...packages]);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      console.log("  That did not work out; taking the release's own package.");
    }
  }
  await step("Installing", ["install", ...packages]);
}

/** Debian's backports suite, where it has a fast Mesa and the release has not; or null. */
async function suiteWithFasterMesa(): Promise<string | null> {
  const { id, codename } = osRelease();
  const backports = `${codename}-backports`;
  const offers = await mesaOffers();
  const own = offers.find((offer) => offer.suite === codename);
  if (id !== "debian" || own === undefined || isFast(own)) return null;
  if (offers.some((offer) => offer.suite === backports)) {
    return offersFastMesa(offers, backports) ? backports : null;
  }
  return await addSuite(backports, own.uri) ? backports : null;
}

/** Adds a suite of the mirror in use, in a file of its own; takes it back where that is no help. */
async function addSuite(suite: string, uri: string): Promise<boolean> {
  const file = `/etc/apt/sources.list.d/${suite}.list`;
  if (exists(file)) return false;
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const options = exists(keyring) ? `[signed-by=${keyring}] ` : "";
  Deno.writeTextFileSync(file, `deb ${options}${uri} ${suite} main\n`);
  try {
    await step(`Adding ${suite}, whose Mesa is twice as fast, in ${file}`, ["update"]);
    if (offersFastMesa(await mesaOffers(), suite)) return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
  }
  console.log(`  That did not work out; removing ${file}.`);
  Deno.removeSync(file);
  return false;
}

function osRelease(): { id: string; codename: string } {
  const text = Deno.readTextFileSync("/etc/os-release");
  const value = (key: string) => text.match(new RegExp(`^${key}="?([^"\n]*)`, "m"))?.[1] ?? "";
  return { id: value("ID"), codename: value("VERSION_CODENAME") };
}

/** Reads lines such as `mesa-vulkan-drivers | 22.3.6-1 | http://… bookworm/main amd64 Packages`. */
async function mesaOffers(): Promise<Offer[]> {
  const lines = (await output("apt-cache", ["madison", packages[0]])).trim().split("\n");
  return lines.map((line) => {
    const [, version = "", source = ""] = line.split("|").map((field) => field.trim());
    const [uri = "", suite = ""] = source.split(" ");
    return { version, uri, suite: suite.split("/")[0] };
  });
}

function offersFastMesa(offers: readonly Offer[], suite: string): boolean {
  return offers.some((offer) => offer.suite === suite && isFast(offer));
}

function isFast(offer: Offer): boolean {
  return parseInt(offer.version) >= fastMesa;
}

/** Runs one `apt-get` command under a line that says so. */
async function step(title: string, args: readonly string[]): Promise<void> {
  console.log(`  ${title} …`);
  await output("apt-get", ["-y", "--no-install-recommends", ...args]);
}

/** What a program prints; where it fails, that is shown. */
async function output(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  console.error(text + new TextDecoder().decode(stderr));
  throw new SetupError(`${program} ${args.join(" ")} failed, see above`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup: ${error.message}`);
  Deno.exit(2);
}
