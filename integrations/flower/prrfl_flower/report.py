"""What of a site's lines goes to the server, and what the server takes for one: known words and numbers only."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

Report = dict[str, Any]
_Check = Callable[[Any], Any]


class ReportError(ValueError):
    """A report that lacks something, or has another type there."""


def train_report(event: Mapping[str, Any]) -> Report:
    """Return what may be known of `site train`."""
    return _taken(event, _TRAIN)


def evaluate_report(event: Mapping[str, Any]) -> Report:
    """Return what may be known of `site evaluate`."""
    return _taken(event, _EVALUATE)


def parsed(text: str, is_train: bool) -> Report:
    """Return a report that a site sent as text, checked once more."""
    try:
        event = json.loads(text)
    except json.JSONDecodeError as error:
        raise ReportError("its report is no JSON") from error
    if not isinstance(event, dict):
        raise ReportError("its report is no object")
    return train_report(event) if is_train else evaluate_report(event)


def _taken(event: Mapping[str, Any], checks: Mapping[str, _Check]) -> Report:
    report = {}
    for name, check in checks.items():
        try:
            report[name] = check(event[name])
        except KeyError as error:
            raise ReportError(f"its report lacks {name}") from error
        except (TypeError, ValueError) as error:
            raise ReportError(f"its report's {name} is not what is expected: {error}") from error
    return report


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 200 or not value.isprintable():
        raise TypeError("no printable text of 1 to 200 characters")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError("no count")
    return value


def _number(value: Any) -> float | None:
    """Numbers that do not exist are null: no positive image, no area under the curve."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("no number")
    return float(value)


def _weight(value: Any) -> float:
    number = _number(value)
    if number is None or number <= 0:
        raise TypeError("not above 0")
    return number


def _each(check: _Check) -> _Check:
    """Of an object, every value."""

    def checked(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or len(value) > 50:
            raise TypeError("no object")
        return {_text(name): check(entry) for name, entry in value.items()}

    return checked


def _or_null(check: _Check) -> _Check:
    """What not every method or round has."""
    return lambda value: None if value is None else check(value)


def _list_of(check: _Check) -> _Check:
    def checked(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise TypeError("no list")
        return [check(entry) for entry in value]

    return checked


_TRAIN: dict[str, _Check] = {
    "client": _text,
    "agreement": _text,
    "round": _count,
    "rate": _number,
    "weight": _weight,
    "trainImages": _count,
    "stages": _list_of(_or_null(_count)),
    "loss": _or_null(_each(_number)),
    "test": _each(_each(_number)),
}

_EVALUATE: dict[str, _Check] = {
    "client": _text,
    "agreement": _text,
    "round": _count,
    "took": _truth,
    "images": _each(_count),
    "valid": _each(_each(_number)),
    "test": _each(_each(_number)),
    "change": _or_null(_each(_number)),
}
