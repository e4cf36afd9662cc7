"""The settings that a server may choose for the sites: their types, their ranges, their flags."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float


class SettingError(ValueError):
    """A setting that is missing, unknown, of another type or out of range."""


@dataclass(frozen=True)
class Setting:
    """One setting: its flag of the site command, and which values it takes."""

    flag: str
    kind: type[str] | type[int] | type[float]
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()

    def check(self, name: str, value: object) -> Value:
        """Return the value as its type, or say what was expected."""
        if self.kind is str:
            if value not in self.choices:
                raise SettingError(f"{name} is {value!r} but one of {', '.join(self.choices)}")
            return str(value)
        allowed = (int,) if self.kind is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed):
            raise SettingError(f"{name} is {value!r} but a {_words[self.kind]} is expected")
        if not (math.isfinite(value) and self.low <= value <= self.high):
            raise SettingError(f"{name} is {value!r} but {self._range()} is expected")
        return self.kind(value)

    def _range(self) -> str:
        if self.high == math.inf:
            return f"{self.low:g} or more"
        return f"{self.low:g} to {self.high:g}"


_words = {int: "whole number", float: "number"}

# Those whose clients exchange nothing but means.
METHODS = ("prrfl", "pfa", "det", "fedavg", "fedprox", "fedbn", "silobn", "fml")

# Names alone, never a file: `--network FILE.ts` would run a program of the server's choice at the site.
SETTINGS: dict[str, Setting] = {
    "method": Setting("--method", str, choices=METHODS),
    "rounds": Setting("--iters", int, 1, 100_000),
    "local-epochs": Setting("--wk_iters", int, 1, 10_000),
    "learning-rate": Setting("--lr", float, 0),
    "learning-rate-step": Setting("--lr_step", int, 1),
    "learning-rate-gamma": Setting("--lr_gamma", float, 0),
    "optimizer": Setting("--optim", str, choices=("sgd", "adam")),
    "momentum": Setting("--momentum", float, 0, 1),
    "weight-decay": Setting("--wd", float, 0),
    "batch-size": Setting("--batch", int, 1),
    "l-rate": Setting("--l_rate", float, 0, 1),
    "alpha1": Setting("--alpha1", float, 0),
    "alpha2": Setting("--alpha2", float, 0),
    "fml-alpha": Setting("--fml-alpha", float, 0, 1),
    "fml-beta": Setting("--fml-beta", float, 0, 1),
    "proximal-mu": Setting("--mu", float, 0),
    "client-weights": Setting("--client-weights", str, choices=("equal", "samples")),
    "network": Setting("--network", str, choices=("vgg_nb", "vgg_b")),
    "width": Setting("--width", float, 0),
    "image-size": Setting("--image-size", int, 1),
    "augment": Setting("--augment", str, choices=("full", "none")),
    "seed": Setting("--seed", int, 0, 2**32 - 1),
}

# Settings that one of the methods alone knows; the command refuses them beside another.
_OF_METHODS: dict[str, frozenset[str]] = {
    "l-rate": frozenset({"prrfl", "pfa"}),
    "alpha1": frozenset({"prrfl", "det"}),
    "alpha2": frozenset({"prrfl", "det"}),
    "fml-alpha": frozenset({"fml"}),
    "fml-beta": frozenset({"fml"}),
    "proximal-mu": frozenset({"fedprox"}),
}

_AGREEMENT = re.compile(r"[0-9a-f]{8,128}")


def checked_settings(values: Mapping[str, object]) -> dict[str, Value]:
    """Return every setting of `SETTINGS` out of a run's configuration, each checked; the rest is left alone."""
    missing = [name for name in SETTINGS if name not in values]
    if missing:
        raise SettingError(f"the run's configuration lacks {', '.join(missing)}")
    return {name: setting.check(name, values[name]) for name, setting in SETTINGS.items()}


def settings_of_method(settings: Mapping[str, Value]) -> dict[str, Value]:
    """Return the settings without those of other methods."""
    method = settings["method"]
    return {
        name: value
        for name, value in settings.items()
        if method in _OF_METHODS.get(name, frozenset({str(method)}))
    }


def flags(settings: Mapping[str, Value]) -> list[str]:
    """Return the settings as flags of the site command, one argument each."""
    return [
        f"{SETTINGS[name].flag}={value}" for name, value in settings_of_method(settings).items()
    ]


def digest(settings: Mapping[str, Value]) -> str:
    """Return 16 hexadecimal digits that differ where settings do."""
    text = json.dumps(settings_of_method(settings), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def checked_round(value: object, rounds: int) -> int:
    """Return a round's number, from 0, of a run of so many."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < rounds:
        raise SettingError(f"the round is {value!r} but 0 to {rounds - 1} is expected")
    return value


def checked_agreement(value: object) -> str:
    """Return an agreement's digest, hexadecimal digits."""
    if not isinstance(value, str) or not _AGREEMENT.fullmatch(value):
        raise SettingError(f"the agreement is {value!r} but hexadecimal digits are expected")
    return value
