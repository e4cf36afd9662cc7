"""A site program without a network of its own: it keeps to the site command's contract, and fails on demand.

`fake_site.py nan@1 …` sends a NaN in round 1; further such words: `shape`, `agreement`, `refuse`, `garbage`, `crash`.
`train@1` and `evaluate@1` make the file `at-train-1` in the state folder and wait until there is a `go-train-1`.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import struct
import sys
import time
from pathlib import Path

SETTINGS = [
    *(
        "method",
        "iters",
        "wk_iters",
        "lr",
        "lr_step",
        "lr_gamma",
        "optim",
        "momentum",
        "wd",
        "batch",
    ),
    *("l_rate", "alpha1", "alpha2", "network", "width", "image-size", "augment", "seed"),
    *("fml-alpha", "fml-beta", "mu", "client-weights"),
]


def act(arguments: list[str]) -> tuple[int, str, str]:
    """Do one action; give back exit code, output and error."""
    words = [word for word in arguments if "@" in word and not word.startswith("-")]
    known = _parser().parse_args([word for word in arguments if word not in words])
    trouble = dict(reversed(word.split("@")) for word in words if word[0] not in "te")
    try:
        if f"{known.action}@{known.round}" in words:
            _wait(known)
        event = json.dumps(_ACTIONS[known.action](known, trouble))
    except Refusal as refusal:
        return 2, "", f"error: {refusal}"
    return 0, "this is no JSON" if trouble.get(str(known.round)) == "garbage" else event, ""


def _wait(arguments: argparse.Namespace) -> None:
    """Let a test do something at this moment; without the process that asked for it there is nothing to wait for."""
    asked_by = os.getppid()
    name = f"{arguments.action}-{arguments.round}"
    (arguments.state / f"at-{name}").touch()
    while not (arguments.state / f"go-{name}").exists() and os.getppid() == asked_by:
        time.sleep(0.05)


class Refusal(Exception):
    """What the site does not do."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("action")
    for name in ["data", "client", "adapter", "mean", "message", *SETTINGS]:
        parser.add_argument(f"--{name}")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--place", type=int, default=0)
    parser.add_argument("--round", type=int)
    return parser


def _init(arguments: argparse.Namespace, _trouble: dict[str, str]) -> dict[str, object]:
    if arguments.data != "demo" and not Path(arguments.data).is_dir():
        raise Refusal(f"there is no folder {arguments.data}")
    settings = {name: getattr(arguments, name.replace("-", "_")) for name in SETTINGS}
    agreement = hashlib.sha256(json.dumps(settings).encode()).hexdigest()
    state = {
        "agreement": agreement,
        "client": arguments.client or "clientA",
        "place": arguments.place,
    }
    file = arguments.state / "state.json"
    if file.exists():
        if json.loads(file.read_text())["agreement"] != agreement:
            raise Refusal(f"{arguments.state} was made with other settings")
    else:
        arguments.state.mkdir(mode=0o700, parents=True)
        _write(
            arguments.state, {**state, "settings": settings, "round": 0, "values": [], "took": -1}
        )
    return {"type": "init", "round": 0, **state}


def _train(arguments: argparse.Namespace, trouble: dict[str, str]) -> dict[str, object]:
    if arguments.data != "demo" and not Path(arguments.data).is_dir():
        raise Refusal(f"there is no folder {arguments.data}")
    state = _read(arguments.state)
    number, kind = arguments.round, trouble.get(str(arguments.round))
    if kind == "refuse":
        raise Refusal(
            f'cannot read image "{arguments.state}/images of Doe, J/x.png" of {arguments.state}'
        )
    if kind == "crash":
        once = arguments.state / "crashed"
        if not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    if number > 0:
        _take(arguments, state, number - 1)
    draw = random.Random(1000 * state["place"] + number).random
    tensors = {
        "low.weight": ([3, 2], [draw() for _ in range(6)]),
        "fc.bias": ([4], [draw() + sum(state["values"]) for _ in range(4)]),
    }
    if kind == "nan":
        tensors["fc.bias"][1][1] = float("nan")
    if kind == "shape":
        tensors["fc.bias"] = ([3], tensors["fc.bias"][1][:3])
    agreement = "0123456789abcdef" if kind == "agreement" else state["agreement"]
    marks = {"kind": "prrfl-message", "round": str(number), "agreement": agreement, "weight": "1"}
    marks["method"] = state["settings"]["method"]
    Path(arguments.message).write_bytes(_safetensors(tensors, marks))
    _write(arguments.state, {**state, "round": number + 1})
    scores = {"f1": 50.0 + number, "accuracy": 60.0, "auc": None}
    return {
        "type": "train",
        "round": number,
        "client": state["client"],
        "agreement": agreement,
        "rate": 0.7,
        "weight": 1,
        "trainImages": 10,
        "message": {"tensors": 2, "bytes": 40},
        "stages": [1, 2],
        "loss": {"personal": 1.0, "deputy": 1.1},
        "test": {"personal": scores, "deputy": scores},
        "state": str(arguments.state),
    }


def _evaluate(arguments: argparse.Namespace, _trouble: dict[str, str]) -> dict[str, object]:
    state = _read(arguments.state)
    _take(arguments, state, arguments.round)
    _write(arguments.state, state)
    scores = {"f1": 49.0 + arguments.round, "accuracy": 60.0, "auc": None}
    return {
        "type": "evaluate",
        "round": arguments.round,
        "client": state["client"],
        "agreement": state["agreement"],
        "took": True,
        "images": {"valid": 3, "test": 4},
        "valid": {"personal": scores, "deputy": scores},
        "test": {"personal": scores, "deputy": scores},
        "change": {"personal": 0.0, "deputy": -1.0},
    }


def _take(arguments: argparse.Namespace, state: dict[str, object], number: int) -> None:
    """Take the mean of a round once: remember one of its values."""
    marks, value = _read_mean(Path(arguments.mean))
    wanted = {"kind": "prrfl-mean", "round": str(number), "agreement": state["agreement"]}
    for key, expected in wanted.items():
        if marks.get(key) != expected:
            raise Refusal(f"the mean has {key} {marks.get(key)} but {expected} is expected")
    if state["took"] < number:
        state["values"] = [*state["values"], value]
        state["took"] = number


def _safetensors(tensors: dict[str, tuple[list[int], list[float]]], marks: dict[str, str]) -> bytes:
    """Write the format by hand: a process with NumPy takes ten times as long to start."""
    header: dict[str, object] = {"__metadata__": marks}
    data = b""
    for name, (shape, values) in tensors.items():
        begin = len(data)
        data += struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _read_mean(file: Path) -> tuple[dict[str, str], float]:
    """Return a mean's metadata and the first number of its bias."""
    content = file.read_bytes()
    end = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:end])
    begin = end + header["fc.bias"]["data_offsets"][0]
    return header["__metadata__"], struct.unpack("<f", content[begin : begin + 4])[0]


def _read(folder: Path) -> dict[str, object]:
    return json.loads((folder / "state.json").read_text())


def _write(folder: Path, state: dict[str, object]) -> None:
    new = folder / "state.new"
    new.write_text(json.dumps(state))
    new.replace(folder / "state.json")


_ACTIONS = {"init": _init, "train": _train, "evaluate": _evaluate}

if __name__ == "__main__":
    code, output, error = act(sys.argv[1:])
    print(output)
    print(error, file=sys.stderr)
    sys.exit(code)
