// Which adapter is used, what it is called, and whether it is software.

import { adapterKind, adapterName } from "../../src/gpu/adapter.ts";
import { GpuError } from "../../src/gpu/errors.ts";
import { Failures } from "../../src/gpu/failures.ts";
import { openGpu } from "../../src/tensor/gpu.ts";
import { assertEquals, assertMatch, assertRejects } from "../assert.ts";

function info(told: Partial<GPUAdapterInfo>): GPUAdapterInfo {
  return { vendor: "", architecture: "", device: "", description: "", ...told } as GPUAdapterInfo;
}

Deno.test("an adapter says itself whether it is software; where it does not, its name tells", () => {
  const kinds: [Partial<GPUAdapterInfo>, string][] = [
    [{ description: "llvmpipe (LLVM 15)" }, "cpu"],
    [{ description: "llvmpipe (LLVM 15)", isFallbackAdapter: true }, "cpu"],
    [{ description: "a renderer of tomorrow", isFallbackAdapter: true }, "cpu"],
    [{ description: "a card called softpipe", isFallbackAdapter: false }, "gpu"],
    [{ vendor: "google", architecture: "swiftshader" }, "cpu"],
    [{ vendor: "nvidia", architecture: "hopper" }, "gpu"],
  ];
  for (const [told, kind] of kinds) assertEquals([told, adapterKind(info(told))], [told, kind]);
});

Deno.test("an adapter without a description is called by its vendor and architecture", () => {
  assertEquals(
    adapterName(info({ vendor: "google", architecture: "swiftshader" })),
    "google swiftshader",
  );
  assertEquals(adapterName(info({ vendor: "intel" })), "intel");
  assertEquals(adapterName(info({ device: "0x2330", vendor: "nvidia" })), "0x2330");
  assertEquals(adapterName(info({})), "unnamed adapter");
});

Deno.test("openGpu() takes a GPU, an adapter or a device of one's own", async () => {
  const adapterOf = async () => (await navigator.gpu.requestAdapter())!;
  const sources = [navigator.gpu, await adapterOf(), await (await adapterOf()).requestDevice()];
  for (const source of sources) {
    const gpu = await openGpu({ source });
    const x = gpu.tensor(Float32Array.of(1, 2));
    assertEquals([...await x.read()], [1, 2]);
    if (source instanceof GPUDevice) assertEquals(gpu.device, source);
    const { kind } = gpu.adapter;
    gpu.dispose();
    if (source instanceof GPUDevice) continue; // it is gone
    const other = kind === "cpu" ? "gpu" : "cpu";
    const fresh = source instanceof GPUAdapter ? await adapterOf() : source;
    await assertRejects(
      () => openGpu({ source: fresh, adapter: other }),
      GpuError,
      `Cannot find an adapter of kind "${other}"`,
    );
  }
  for (const source of [1, "gpu", {}, null]) {
    const wrong = source as unknown as GPU;
    const error = await assertRejects(() => openGpu({ source: wrong }), TypeError);
    assertMatch(
      error.message,
      /^Cannot open a GPU: source is .* but a GPU, GPUAdapter or GPUDevice/,
    );
  }
});

Deno.test("a kernel that does not compile is told as the cause, also where what follows is reported first", async () => {
  const device = Object.assign(new EventTarget(), { lost: new Promise<never>(() => {}) });
  const failures = new Failures(device as unknown as GPUDevice);
  const cause = new GpuError("compile", "Cannot compile broken.wgsl:3:4");
  const { promise, resolve } = Promise.withResolvers<GpuError>();
  failures.expect(promise);
  const event = Object.assign(new Event("uncapturederror"), {
    error: { message: "Invalid BindGroupLayout" },
  });
  device.dispatchEvent(event);
  resolve(cause);
  assertEquals(await assertRejects(() => failures.settled(), GpuError), cause);
  device.dispatchEvent(event);
  assertEquals(await assertRejects(() => failures.settled(), GpuError), cause); // it stays
});
