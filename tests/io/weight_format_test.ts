// Files of weights that are no safetensors files are recognized by what they begin with.

import { zipSync } from "fflate";
import { writeSafetensors } from "../../src/io/safetensors.ts";
import { foreignWeights } from "../../src/io/weight_format.ts";
import { assertEquals } from "../assert.ts";

const text = (start: string) => Uint8Array.from(start.padEnd(40, "x"), (c) => c.charCodeAt(0));

Deno.test("foreignWeights() recognizes PyTorch's files, new and old, and shows three lines that convert them", () => {
  const zip = zipSync({ "model/data.pkl": new Uint8Array(9) });
  const { what, conversion } = foreignWeights(zip, "runs/my model.pth.tar")!;
  assertEquals(what, "a PyTorch file (a ZIP archive of torch.save)");
  assertEquals(conversion, [
    "import torch; from safetensors.torch import save_file",
    'state = torch.load("runs/my model.pth.tar", map_location="cpu", weights_only=True)',
    'save_file({k: v.contiguous() for k, v in state.get("state_dict", state).items()}, ' +
    '"runs/my model.safetensors")',
  ]);
  assertEquals(foreignWeights(text("\x80\x02\x8a\nl"), "x.pt")!.what, "a PyTorch file (a pickle)");
});

Deno.test("foreignWeights() recognizes other formats", () => {
  const arrays = zipSync({ "w.npy": new Uint8Array(9) });
  assertEquals(foreignWeights(arrays, "w.npz")!.conversion[1], 'arrays = numpy.load("w.npz")');
  assertEquals(foreignWeights(text("\x89HDF\r\n"), "w.h5"), {
    what: "an HDF5 file",
    conversion: [],
  });
  assertEquals(foreignWeights(text("\x93NUMPY"), "w.npy")!.what, "a NumPy array (.npy)");
});

Deno.test("foreignWeights() lets safetensors files of every length of header pass", () => {
  for (const names of [1, 2, 10, 100]) {
    const tensors = new Map(Array.from({ length: names }, (_, index) => [
      `t${index}`,
      { shape: [1], data: new Float32Array(1) },
    ]));
    assertEquals(foreignWeights(writeSafetensors(tensors), "x.safetensors"), null);
  }
  const header = new Uint8Array(0x280 + 8); // begins with 0x80 0x02, as a pickle does
  header.set([0x80, 0x02]);
  assertEquals(foreignWeights(header, "x"), null);
});
