// The examples of the documentation run as they stand.

import { assert, assertEquals } from "./assert.ts";

Deno.test("the examples in engine.ts and mod.ts run", async () => {
  const { success, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    // Unchecked: the names that the test runner imports by itself would count as unused.
    args: ["test", "--allow-all", "--no-check", "--doc", "engine.ts", "mod.ts"],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
  assert(success && text.includes("2 passed"), text);
});

Deno.test("the example of docs/adding-a-method.md runs", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-RE", "examples/head_averaging.ts"],
    cwd: new URL("..", import.meta.url),
  }).output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals({ code, errors }, { code: 0, errors: "" });
  const lines = text.trim().split("\n");
  assertEquals(lines.length, 3);
  assert(lines.every((line, k) => line.startsWith(`round ${k + 1}: mean test AUC `)), text);
});

/** What a program outside this repository prints, whose folder has copies of some examples. */
async function runOutside(
  examples: readonly string[],
  program: string,
): Promise<{ code: number; text: string; errors: string }> {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of examples) {
      await Deno.copyFile(new URL(`../examples/${name}`, import.meta.url), `${folder}/${name}`);
    }
    const imports = { "@prr-fl/webgpu": new URL("../mod.ts", import.meta.url).href };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ imports }));
    await Deno.writeTextFile(`${folder}/main.ts`, program);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--no-lock", "--check", "-RE", "main.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { code, text, errors };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the op of docs/adding-an-op.md runs outside this repository", async () => {
  const program = `import { backward, gradOf, openGpu } from "@prr-fl/webgpu";
import { elu } from "./elu.ts";

const gpu = await openGpu();
const x = gpu.tensor(Float32Array.of(-Math.LN2, 0, 2), [3], { requiresGrad: true });
const y = elu(x);
backward(y);
console.log([...await y.read()].map((value) => value.toFixed(4)).join());
console.log([...await gradOf(x).read()].map((value) => value.toFixed(4)).join());
gpu.dispose();
`;
  assertEquals(await runOutside(["elu.ts", "elu.wgsl"], program), {
    code: 0,
    text: "-0.5000,0.0000,2.0000\n0.5000,1.0000,1.0000\n",
    errors: "",
  });
});

Deno.test("the example of docs/adding-a-network.md learns", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-RE", "examples/small_network.ts"],
    cwd: new URL("..", import.meta.url),
  }).output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals({ code, errors }, { code: 0, errors: "" });
  const [first, ...epochs] = text.trim().split("\n");
  assertEquals(first, "10611 parameters, 105 images");
  const losses = epochs.map((line) => Number(line.match(/^epoch \d+: loss ([\d.]+), test/)?.[1]));
  assert(losses.length === 10 && losses[9] < 0.6 * losses[0], text);
});

Deno.test("the network of docs/adding-a-network.md is made outside this repository", async () => {
  const program = `import { activationSizes, makeModule, openGpu } from "@prr-fl/webgpu";
import network from "./small_network.ts";

const gpu = await openGpu();
const module = makeModule(gpu, network, { numClasses: 2, imageSize: 28, width: 0.25 });
console.log(activationSizes(module, 28).slice(0, 4).join());
gpu.dispose();
`;
  assertEquals(await runOutside(["small_network.ts"], program), {
    code: 0,
    text: "1568,392,392,392\n",
    errors: "",
  });
});
