// Finds the WebGPU adapter and opens a device with all the limits it has.

import { GpuError } from "./errors.ts";

/** Which adapter is wanted: any (the fastest first), hardware only, or software only. */
export const adapterChoices = ["auto", "gpu", "cpu"] as const;
export type AdapterChoice = typeof adapterChoices[number];

/**
 * "cpu": a software adapter such as lavapipe, where a load is as dear as twenty multiply-adds; "gpu": any other. It decides
 * which kernels run.
 */
export type AdapterKind = "gpu" | "cpu";

/** What is known of the adapter in use. */
export interface AdapterDescription {
  readonly name: string;
  readonly kind: AdapterKind;
  readonly vendor: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<DeviceLimit, number>>;
}

const deviceLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
] as const;
export type DeviceLimit = typeof deviceLimits[number];

/** Features that the engine's tools can use where they exist; none is required. */
const wantedFeatures: readonly GPUFeatureName[] = ["timestamp-query"];

const softwareNames = /llvmpipe|lavapipe|swiftshader|softpipe|basic render/i;

const adapterAdvice = "install a Vulkan driver (on Debian or Ubuntu: apt-get install " +
  "mesa-vulkan-drivers, which brings a software adapter) or run the task `setup`";

/**
 * Opens a device on the chosen adapter.
 *
 * @throws {GpuError} of kind "no-adapter" where there is none of the wanted kind
 */
export async function openDevice(
  choice: AdapterChoice,
): Promise<{ device: GPUDevice; description: AdapterDescription }> {
  const adapter = await findAdapter(choice);
  const features = wantedFeatures.filter((feature) => adapter.features.has(feature));
  const limits = Object.fromEntries(
    deviceLimits.map((limit) => [limit, adapter.limits[limit]]),
  ) as Record<DeviceLimit, number>;
  const device = await adapter.requestDevice({
    requiredFeatures: features,
    requiredLimits: limits,
  });
  const description = {
    name: adapterName(adapter),
    kind: adapterKind(adapter),
    vendor: adapter.info.vendor,
    features: [...adapter.features].sort(),
    limits,
  };
  return { device, description };
}

async function findAdapter(choice: AdapterChoice): Promise<GPUAdapter> {
  const gpu = globalThis.navigator?.gpu;
  const adapter = await gpu?.requestAdapter({
    powerPreference: "high-performance",
    forceFallbackAdapter: choice === "cpu",
  });
  if (!adapter) {
    throw new GpuError("no-adapter", `Cannot find a WebGPU adapter: ${adapterAdvice}`);
  }
  if (choice !== "auto" && adapterKind(adapter) !== choice) {
    throw new GpuError(
      "no-adapter",
      `Cannot find an adapter of kind "${choice}": the only one is "${adapterName(adapter)}", ` +
        `of kind "${adapterKind(adapter)}"; choose "auto" or "${adapterKind(adapter)}"`,
    );
  }
  return adapter;
}

function adapterName(adapter: GPUAdapter): string {
  const { description, device, vendor } = adapter.info;
  return description || device || vendor || "unnamed adapter";
}

function adapterKind(adapter: GPUAdapter): AdapterKind {
  return softwareNames.test(adapterName(adapter)) ? "cpu" : "gpu";
}
