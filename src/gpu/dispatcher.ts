// From the run of a kernel to a command: its pipeline, what is bound to it and what it is told.

import type { AdapterDescription } from "./adapter.ts";
import type { BufferView } from "./buffers.ts";
import { GpuError } from "./errors.ts";
import { type KernelFile, packParams } from "./kernel.ts";
import { type Constants, PipelineCache } from "./pipelines.ts";
import type { Dispatch } from "./recording.ts";
import { Uniforms } from "./uniforms.ts";

/** One run of a kernel. */
export interface DispatchSpec {
  /** the WGSL, as `kernelFile()` reads it */
  readonly file: KernelFile;
  /** name of the function with `@compute` that runs */
  readonly entryPoint: string;
  /** values of the file's `override` constants, by name; each set of them is compiled once */
  readonly constants?: Constants;
  /** exactly the members of the kernel's `Params` */
  readonly params?: Readonly<Record<string, number>>;
  /**
   * Exactly the storage variables that the entry point uses; null for one that it does without this time. A file that
   * has to be told declares `override has_NAME`, which is set accordingly.
   */
  readonly buffers: Readonly<Record<string, BufferView | null>>;
  /** workgroups in x, y and z */
  readonly workgroups: readonly [number, number?, number?];
  /**
   * Arithmetic operations, for profiles: those of the direct algorithm, a multiply-add being two, whatever
   * the kernel does. Leave it out where there is no closed form or arithmetic does not matter.
   */
  readonly work?: number;
  /** Bytes that have to be moved at least, for profiles; by default each view once. Tell it where one is read and written. */
  readonly bytes?: number;
}

/** Bytes; every adapter allows bindings at its multiples. */
const bindingAlignment = 256;

/** A part of a buffer at a binding. */
interface BoundView {
  readonly binding: number;
  readonly resource: { readonly buffer: GPUBuffer; readonly offset: number; readonly size: number };
}

/** Makes commands of one device. */
export class Dispatcher {
  readonly #cache: PipelineCache;
  readonly #uniforms: Uniforms;
  readonly #substitutes = new Map<number, GPUBuffer>();

  /**
   * @param owner what views of this device's memory name as theirs
   * @param onError is called, some time later, if what was compiled turns out to be invalid
   */
  constructor(
    private readonly device: GPUDevice,
    private readonly adapter: AdapterDescription,
    private readonly owner: unknown,
    onError: (pending: Promise<GpuError | null>) => void,
  ) {
    this.#cache = new PipelineCache(device, adapter.name, onError);
    this.#uniforms = new Uniforms(device);
  }

  /** Compiled pipelines. */
  get pipelines(): number {
    return this.#cache.size;
  }

  /**
   * The command; null where there is nothing to do.
   *
   * @throws {GpuError} of kind "limit" for more workgroups than the adapter allows
   * @throws {TypeError} for parameters or buffers that the kernel does not declare, and for memory of another Gpu
   */
  commandOf(spec: DispatchSpec, phase: string): Dispatch | null {
    const { file, entryPoint, params = {}, buffers } = spec;
    const label = `${file.name} ${entryPoint}`;
    const workgroups = this.#expectWorkgroups(label, spec.workgroups);
    if (workgroups.includes(0)) return null;
    const flags = Object.entries(buffers).filter(([name]) => file.optional.has(name))
      .map(([name, view]) => [`has_${name}`, Number(view !== null)]);
    const constants = { ...spec.constants, ...Object.fromEntries(flags) };
    const { pipeline, layout } = this.#cache.get(file, entryPoint, constants);
    const entries = Object.entries(buffers).flatMap(([name, view]) =>
      this.#bound(file, label, name, view)
    );
    const bytes = spec.bytes ?? bytesOf(entries);
    if (file.params.length > 0) {
      const buffer = this.#uniforms.get(packParams(file, params));
      entries.push({ binding: 0, resource: { buffer, offset: 0, size: buffer.size } });
    }
    const bindGroup = this.device.createBindGroup({ label, layout, entries });
    const use = { file, entryPoint, bytes, work: spec.work ?? null };
    return { kind: "dispatch", phase, pipeline, bindGroup, workgroups, use };
  }

  #expectWorkgroups(
    kernel: string,
    [x, y = 1, z = 1]: DispatchSpec["workgroups"],
  ): readonly [number, number, number] {
    const limit = this.adapter.limits.maxComputeWorkgroupsPerDimension;
    if (Math.max(x, y, z) > limit) {
      throw new GpuError(
        "limit",
        `Cannot run ${kernel} with [${x}, ${y}, ${z}] workgroups: ` +
          `adapter "${this.adapter.name}" allows ${limit} in each dimension`,
      );
    }
    return [x, y, z];
  }

  #bound(file: KernelFile, kernel: string, name: string, view: BufferView | null): BoundView[] {
    const binding = file.bindings.get(name);
    if (view === null) return binding === undefined ? [] : [this.#substitute(binding)];
    if (binding === undefined) {
      throw new TypeError(
        `Cannot bind "${name}" in ${file.name}: it declares [${[...file.bindings.keys()]}]`,
      );
    }
    if (view.gpu !== undefined && view.gpu !== this.owner) {
      throw new TypeError(`Cannot run ${kernel}: "${name}" belongs to another Gpu`);
    }
    if (view.offset % bindingAlignment !== 0) {
      throw new TypeError(
        `Cannot run ${kernel}: "${name}" is a view from byte ${view.offset} but a multiple of ` +
          `${bindingAlignment} is expected`,
      );
    }
    const { buffer, offset, byteLength } = view;
    return [{ binding, resource: { buffer, offset, size: byteLength } }];
  }

  /** WebGPU wants something bound even where a kernel does not look at it: another buffer for each binding. */
  #substitute(binding: number): BoundView {
    const size = bindingAlignment;
    const existing = this.#substitutes.get(binding);
    const buffer = existing ?? this.device.createBuffer({ size, usage: GPUBufferUsage.STORAGE });
    this.#substitutes.set(binding, buffer);
    return { binding, resource: { buffer, offset: 0, size } };
  }
}

/** Bytes of all views, each once: under a second name nothing more is moved. */
function bytesOf(entries: readonly BoundView[]): number {
  const isFirst = ({ resource: { buffer, offset } }: BoundView, index: number) =>
    entries.findIndex(({ resource }) =>
      resource.buffer === buffer && resource.offset === offset
    ) === index;
  return entries.filter(isFirst).reduce((sum, { resource: { size } }) => sum + size, 0);
}
