// The tiny run in Node, on the WebGPU of the package "webgpu".

import { create, globals } from "webgpu";

Object.assign(globalThis, globals);
globalThis.navigator ??= {};
Object.defineProperty(navigator, "gpu", { value: create([]), configurable: true });
const { tinyRun } = await import("./tiny_run.js");
console.log(JSON.stringify(await tinyRun()));
process.exit(0); // Dawn's devices would keep it
