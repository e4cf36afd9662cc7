// Tint, the compiler of Chrome and of Node's WebGPU, takes every kernel, with the constants that runs give it too.

import { join } from "@std/path";
import { sharedBy, sharedText } from "../gpu/shared_parts.ts";
import { assert, assertEquals } from "../assert.ts";
import { adapterKinds, gpu, withKernelsFor } from "../gpu.ts";
import { eventsOf } from "../federated/small_federation.ts";
import { noBrowser } from "../report/browser.ts";
import { withSecurePage } from "./secure_page.ts";

const root = join(import.meta.dirname!, "..", "..");

/** What a pipeline is compiled from. */
interface Spec {
  readonly name: string;
  readonly code: string;
  readonly entryPoint: string;
  readonly constants: Readonly<Record<string, number>>;
}

/** Every entry point of every kernel file, with the constants that it declares itself. */
async function declaredPipelines(): Promise<Spec[]> {
  const folder = join(root, "kernels");
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    name.endsWith(".wgsl")
  );
  const specs: Spec[] = [];
  for (const name of names.sort()) {
    const own = await Deno.readTextFile(join(folder, name));
    const code = [own, ...await Promise.all(sharedBy(own).map(sharedText))].join("\n");
    const plain = code.replaceAll(/\/\/.*$/gm, "");
    for (const [, entryPoint] of plain.matchAll(/@compute[^{]*?fn\s+(\w+)/gs)) {
      specs.push({ name, code, entryPoint, constants: {} });
    }
  }
  return specs;
}

/** What a few runs compile, on either kind of adapter. */
async function usedPipelines(): Promise<Spec[]> {
  const specs: Spec[] = [];
  const codes = new Map<GPUShaderModule, string>();
  const { device } = gpu;
  const makeModule = device.createShaderModule.bind(device);
  const makePipeline = device.createComputePipeline.bind(device);
  device.createShaderModule = (descriptor) => {
    const module = makeModule(descriptor);
    codes.set(module, descriptor.code);
    return module;
  };
  device.createComputePipeline = (descriptor) => {
    const { module, entryPoint, constants = {} } = descriptor.compute;
    const name = (descriptor.label ?? "").split(" ")[0];
    const code = codes.get(module)!;
    specs.push({ name, code, entryPoint: entryPoint!, constants: { ...constants } });
    return makePipeline(descriptor);
  };
  try {
    for (const kind of adapterKinds) {
      await withKernelsFor(kind, async () => {
        await eventsOf({ method: "prrfl", localEpochs: 3, rounds: 1, augment: "full" });
        await eventsOf({ method: "scaffold", rounds: 2 });
        await eventsOf({ method: "fml", rounds: 1, optimizer: "adam", network: "vgg_b" });
      });
    }
  } finally {
    Reflect.deleteProperty(device, "createShaderModule");
    Reflect.deleteProperty(device, "createComputePipeline");
  }
  return specs;
}

/** In the browser: what its compiler says of each pipeline; null if it takes it. */
async function compileAll(specs: readonly Spec[]): Promise<(string | null)[]> {
  const adapter = await navigator.gpu.requestAdapter();
  const { maxComputeWorkgroupStorageSize, maxStorageBuffersPerShaderStage } = adapter!.limits;
  const device = await adapter!.requestDevice({
    requiredLimits: { maxComputeWorkgroupStorageSize, maxStorageBuffersPerShaderStage },
  });
  const found: (string | null)[] = [];
  for (const { code, entryPoint, constants } of specs) {
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ code });
    device.createComputePipeline({ layout: "auto", compute: { module, entryPoint, constants } });
    const { messages } = await module.getCompilationInfo();
    const error = await device.popErrorScope();
    const [first] = messages.filter(({ type }) => type === "error");
    found.push(
      first ? `${first.lineNum}:${first.linePos} ${first.message}` : error?.message ?? null,
    );
  }
  return found;
}

Deno.test({
  name: "Tint compiles every entry point of every kernel, with its own constants and those of runs",
  ignore: noBrowser,
  async fn() {
    const [declared, used] = [await declaredPipelines(), await usedPipelines()];
    assert(declared.length > 40 && used.length > 40, `${declared.length} and ${used.length}`);
    const specs = [...declared, ...used];
    const said = await withSecurePage((page) => page.evaluate(compileAll, specs));
    const refused = specs.flatMap(({ name, entryPoint, constants }, k) =>
      said[k] === null ? [] : [`${name} ${entryPoint} ${JSON.stringify(constants)}: ${said[k]}`]
    );
    assertEquals(refused, []);
  },
});
