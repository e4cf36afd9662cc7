// Who is compared, by name.

import type { Peer } from "./peer.ts";

/** Loaded when opened: a process holds one engine only. */
export const peers = {
  "ours": async () => (await import("./ours.ts")).open(),
  "tfjs-webgpu": async () => (await import("./tensorflow.ts")).open("webgpu"),
  "jax-webgpu": async () => (await import("./jax.ts")).open(),
  "ort-webgpu": async () => (await import("./onnxruntime.ts")).open("webgpu"),
  "tfjs-wasm": async () => (await import("./tensorflow.ts")).open("wasm"),
  "ort-wasm": async () => (await import("./onnxruntime.ts")).open("wasm"),
} satisfies Readonly<Record<string, () => Promise<Peer>>>;

export type PeerName = keyof typeof peers;
export const peerNames = Object.keys(peers) as PeerName[];
