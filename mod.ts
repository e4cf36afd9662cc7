/**
 * PRR-FL on WebGPU: the engine, with all that `@prr-fl/webgpu/engine` has, and what reads data from files.
 *
 * ```ts
 * import { openGpu, readDatasetFolder, simulate } from "@prr-fl/webgpu/files";
 * ```
 *
 * @module
 */

export * from "./engine.ts";

// Data from files
export { type DatasetFolderOptions, readDatasetFolder } from "./src/data/folder.ts";
export type { FolderSelection } from "./src/data/official_folder.ts";
export type { ReadOptions } from "./src/data/image_threads.ts";
export type { ImageCache } from "./src/data/image_cache.ts";
