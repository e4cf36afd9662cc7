"""Made dermamnist_tiny.npz in this folder, as MedMNIST makes its files: 6 + 2 + 3 images of 4x4 pixels.

    python3 tests/vectors/make_medmnist.py        (with NumPy; dermamnist_tiny.npz is of 2.4.6)

Byte i of all images of a split is (37 * i + 11) % 251; label i is (3 * i + 1) % 7.
"""

import pathlib

import numpy as np

arrays = {}
for split, count in [("train", 6), ("val", 2), ("test", 3)]:
    size = count * 4 * 4 * 3
    pixels = (37 * np.arange(size) + 11) % 251
    arrays[f"{split}_images"] = pixels.astype(np.uint8).reshape(count, 4, 4, 3)
    arrays[f"{split}_labels"] = ((3 * np.arange(count) + 1) % 7).astype(np.uint8).reshape(count, 1)
np.savez_compressed(pathlib.Path(__file__).with_name("dermamnist_tiny.npz"), **arrays)
