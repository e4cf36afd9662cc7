// Finds the WebGPU adapter and opens a device with all the limits it has.

import { GpuError } from "./errors.ts";

/** Which adapter is wanted: any (the fastest first), hardware only, or software only. */
export const adapterChoices = ["auto", "gpu", "cpu"] as const;
/** Which adapter is wanted. */
export type AdapterChoice = typeof adapterChoices[number];

/**
 * "cpu": a software adapter such as lavapipe, where a load is as dear as twenty multiply-adds; "gpu": any other. It decides
 * which kernels run.
 */
export type AdapterKind = "gpu" | "cpu";

/** What is known of the adapter in use. */
export interface AdapterDescription {
  /** as the driver calls it, or vendor and architecture where a browser hides that */
  readonly name: string;
  /** software or hardware */
  readonly kind: AdapterKind;
  /** whether kernels are given without loops where there is a choice: a card runs them faster, a CPU compiles them long */
  readonly unrolls: boolean;
  /** as the driver gives it; "" where it is hidden */
  readonly vendor: string;
  /** names of its optional WebGPU features, sorted */
  readonly features: readonly string[];
  /** of the device: bytes for sizes and bindings, counts for the rest */
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
/** Name of a limit that kernels depend on, as WebGPU calls it. */
export type DeviceLimit = typeof deviceLimits[number];

/** Features that the engine's tools can use where they exist; none is required. */
const wantedFeatures: readonly GPUFeatureName[] = ["timestamp-query"];

const softwareNames = /llvmpipe|lavapipe|swiftshader|softpipe|basic render/i;

const adapterAdvice = "install a Vulkan driver (on Debian or Ubuntu: apt-get install " +
  "mesa-vulkan-drivers, which brings a software adapter) or run the task `setup`";

/** Where a device comes from: what a library offers as `navigator.gpu`, an adapter of it, or a device as it is. */
export type DeviceSource = GPU | GPUAdapter | GPUDevice;

/**
 * Opens a device on the chosen adapter.
 *
 * @param source default `navigator.gpu`
 * @throws {GpuError} of kind "no-adapter" where there is none of the wanted kind
 */
export async function openDevice(
  choice: AdapterChoice,
  source: DeviceSource | undefined = globalThis.navigator?.gpu,
): Promise<{ device: GPUDevice; description: AdapterDescription }> {
  if (source !== undefined && "createBuffer" in source) {
    expectKind(choice, source.adapterInfo);
    return { device: source, description: describe(source, source.adapterInfo) };
  }
  const adapter = source !== undefined && "requestDevice" in source
    ? source
    : await findAdapter(choice, source);
  expectKind(choice, adapter.info);
  const description = describe(adapter, adapter.info);
  const features = wantedFeatures.filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({
    requiredFeatures: features,
    requiredLimits: description.limits,
  });
  return { device, description };
}

function describe(
  { features, limits }: Pick<GPUAdapter, "features" | "limits">,
  info: GPUAdapterInfo,
): AdapterDescription {
  const kind = adapterKind(info);
  return {
    name: adapterName(info),
    kind,
    unrolls: kind === "gpu",
    vendor: info.vendor,
    features: [...features].sort(),
    limits: Object.fromEntries(
      deviceLimits.map((limit) => [limit, limits[limit]]),
    ) as Record<DeviceLimit, number>,
  };
}

/** One of the wanted kind, or any there is. */
async function findAdapter(choice: AdapterChoice, gpu: GPU | undefined): Promise<GPUAdapter> {
  const powerPreference = "high-performance";
  const adapter = (choice === "cpu" && await gpu?.requestAdapter({ forceFallbackAdapter: true })) ||
    await gpu?.requestAdapter({ powerPreference });
  if (!adapter) {
    throw new GpuError("no-adapter", `Cannot find a WebGPU adapter: ${adapterAdvice}`);
  }
  return adapter;
}

function expectKind(choice: AdapterChoice, info: GPUAdapterInfo): void {
  const kind = adapterKind(info);
  if (choice === "auto" || kind === choice) return;
  throw new GpuError(
    "no-adapter",
    `Cannot find an adapter of kind "${choice}": the only one is "${adapterName(info)}", ` +
      `of kind "${kind}"; choose "auto" or "${kind}"`,
  );
}

/** What people call it. Browsers hide descriptions: vendor and architecture are what they tell. */
export function adapterName({ description, device, vendor, architecture }: GPUAdapterInfo): string {
  return description || device || [vendor, architecture].filter(Boolean).join(" ") ||
    "unnamed adapter";
}

/** The adapter says itself whether it is software; of older runtimes its name tells. */
export function adapterKind(info: GPUAdapterInfo): AdapterKind {
  const { isFallbackAdapter } = info as Partial<GPUAdapterInfo>;
  return isFallbackAdapter ?? softwareNames.test(adapterName(info)) ? "cpu" : "gpu";
}
