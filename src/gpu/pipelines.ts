// The cache of compute pipelines, keyed by kernel file, entry point and override constants.

import { GpuError } from "./errors.ts";
import { type KernelFile, placeOfLine } from "./kernel.ts";

/** Values of `override` constants; a flag is given as 0 or 1. */
export type Constants = Readonly<Record<string, number>>;

/** A compiled entry point with the layout of its only bind group. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Compiles each entry point once. */
export class PipelineCache {
  readonly #modules = new Map<KernelFile, GPUShaderModule>();
  readonly #pipelines = new Map<string, Pipeline>();

  /** `onError` is called, some time later, if what was compiled turns out to be invalid. */
  constructor(
    private readonly device: GPUDevice,
    private readonly adapterName: string,
    private readonly onError: (pending: Promise<GpuError | null>) => void,
  ) {}

  get size(): number {
    return this.#pipelines.size;
  }

  get(file: KernelFile, entryPoint: string, constants: Constants): Pipeline {
    const key = `${file.name} ${entryPoint} ${JSON.stringify(constants)}`;
    const cached = this.#pipelines.get(key);
    if (cached) return cached;
    const compiled = this.#compile(file, entryPoint, constants);
    this.#pipelines.set(key, compiled);
    return compiled;
  }

  /** Synchronous on purpose: runtimes differ in the asynchronous form. */
  #compile(file: KernelFile, entryPoint: string, constants: Constants): Pipeline {
    this.device.pushErrorScope("validation");
    const module = this.#module(file);
    const pipeline = this.device.createComputePipeline({
      label: `${file.name} ${entryPoint}`,
      layout: "auto",
      compute: { module, entryPoint, constants },
    });
    const layout = pipeline.getBindGroupLayout(0);
    this.onError(
      this.device.popErrorScope().then((error) =>
        error && compileError(file, entryPoint, module, error, this.adapterName)
      ),
    );
    return { pipeline, layout };
  }

  #module(file: KernelFile): GPUShaderModule {
    const cached = this.#modules.get(file);
    if (cached) return cached;
    const module = this.device.createShaderModule({ label: file.name, code: file.source });
    this.#modules.set(file, module);
    return module;
  }
}

async function compileError(
  file: KernelFile,
  entryPoint: string,
  module: GPUShaderModule,
  error: GPUError,
  adapterName: string,
): Promise<GpuError> {
  const { messages } = await module.getCompilationInfo();
  const first = messages.find((message) => message.type === "error");
  const place = first ? `${placeOfLine(file, first.lineNum)}:${first.linePos}` : file.name;
  const text = (first ?? error).message.trim();
  return new GpuError(
    "compile",
    `Cannot compile ${place}, entry point "${entryPoint}", on adapter "${adapterName}": ${text}`,
  );
}
