// Recognizes files of weights that are no safetensors files, by their content.

/** What a file is instead, and how to convert it. */
export interface ForeignWeights {
  /** "a PyTorch checkpoint" */
  readonly what: string;
  /** lines of Python that write it as a safetensors file; none where there is no general way */
  readonly conversion: readonly string[];
}

const startsWith = (bytes: Uint8Array, ...start: readonly number[]) =>
  start.every((byte, index) => bytes[index] === byte);

/**
 * What the file is if it is no safetensors file.
 *
 * @param path its path, for the lines of Python
 * @returns null if it could be a safetensors file
 */
export function foreignWeights(bytes: Uint8Array, path: string): ForeignWeights | null {
  const beginning = String.fromCharCode(...bytes.subarray(0, 2000));
  if (startsWith(bytes, 0x50, 0x4b, 3, 4)) {
    return beginning.includes(".npy")
      ? { what: "an archive of NumPy arrays (.npz)", conversion: fromNumpy(path) }
      : { what: "a PyTorch file (a ZIP archive of torch.save)", conversion: fromPyTorch(path) };
  }
  // A pickle begins with its protocol, which torch.save before 1.6 left at 2. A safetensors file whose header had so
  // many bytes would have zeros next.
  const isPickle = bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5 && bytes[2] !== 0;
  if (isPickle) return { what: "a PyTorch file (a pickle)", conversion: fromPyTorch(path) };
  if (startsWith(bytes, 0x89, 0x48, 0x44, 0x46)) return { what: "an HDF5 file", conversion: [] };
  if (beginning.startsWith("GGUF")) return { what: "a GGUF file", conversion: [] };
  if (beginning.startsWith("\x93NUMPY")) return { what: "a NumPy array (.npy)", conversion: [] };
  if (beginning.startsWith("version https://git-lfs")) {
    return { what: "a pointer of Git LFS and not the file itself", conversion: [] };
  }
  return null;
}

function fromPyTorch(path: string): string[] {
  return [
    "import torch; from safetensors.torch import save_file",
    `state = torch.load(${JSON.stringify(path)}, map_location="cpu", weights_only=True)`,
    'save_file({k: v.contiguous() for k, v in state.get("state_dict", state).items()}, ' +
    `${JSON.stringify(converted(path))})`,
  ];
}

function fromNumpy(path: string): string[] {
  return [
    "import numpy; from safetensors.numpy import save_file",
    `arrays = numpy.load(${JSON.stringify(path)})`,
    `save_file(dict(arrays), ${JSON.stringify(converted(path))})`,
  ];
}

function converted(path: string): string {
  return path.replace(/(\.(pt|pth|ckpt|bin|pkl|zip|npz|tar))*$/i, ".safetensors");
}
