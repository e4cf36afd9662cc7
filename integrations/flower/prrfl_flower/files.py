"""Arrays of Flower's messages as safetensors files and back; files appear whole or not at all."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

Tensors = dict[str, np.ndarray]


class FileError(ValueError):
    """A file that is no safetensors file, or not the one expected."""


def read_tensors(path: Path, kind: str) -> tuple[Tensors, dict[str, str]]:
    """Return a file's tensors and its metadata, which must say that it is of this kind."""
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise FileError(f"the {kind} cannot be read: {type(error).__name__}") from error
    if metadata.get("kind") != kind:
        raise FileError(f"a file of kind {kind} is expected but this is {metadata.get('kind')!r}")
    return tensors, metadata


def write_mean(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Write a mean as sites and server keep it."""
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    write_whole(path, save(contiguous, {"kind": "prrfl-mean", **metadata}))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that no reader ever sees in part, whenever this program or the machine stops."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def to_record(tensors: Mapping[str, np.ndarray]) -> ArrayRecord:
    """Return tensors as Flower sends them."""
    return ArrayRecord({name: Array(tensor) for name, tensor in tensors.items()})


def from_record(record: ArrayRecord) -> Tensors:
    """Return what Flower received as tensors."""
    return {name: array.numpy() for name, array in record.items()}


def byte_count(record: ArrayRecord) -> int:
    """Return how many bytes its arrays take in a message."""
    return sum(len(array.data) for array in record.values())
