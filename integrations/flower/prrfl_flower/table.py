"""The table on the server's terminal: every site before and after the communication, and what it cost them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from .replies import Reply
from .report import Report


@dataclass(frozen=True)
class _Row:
    """One round at a glance."""

    number: int
    sites: int
    change: dict[str, float | None]
    seconds: float


class RoundTable:
    """Collects rounds and prints each one when it is complete."""

    def __init__(self) -> None:
        """Start without a round."""
        self._before: dict[str, Report] = {}
        self._seconds = 0.0
        self._rows: list[_Row] = []

    def trained(self, number: int, replies: Sequence[Reply], seconds: float) -> None:
        """Keep what sites had before the communication."""
        del number
        self._before = {reply.client: reply.report for reply in replies}
        self._seconds = seconds

    def tested(self, number: int, replies: Sequence[Reply], seconds: float) -> None:
        """Print a round: macro F1 in percent, and retrogress, its change by the communication in points."""
        print(f"\nround {number}, macro F1 on the test images", flush=True)
        for reply in replies:
            print(f"  {reply.client:<16}" + "".join(self._cells(reply)), flush=True)
        roles = _roles(reply.report for reply in replies)
        change = {
            role: _mean(_changes(reply.report).get(role) for reply in replies) for role in roles
        }
        if change:
            print(
                "  mean retrogress " + "".join(_change(role, change[role]) for role in roles),
                flush=True,
            )
        self._rows.append(_Row(number, len(replies), change, self._seconds + seconds))
        self._before, self._seconds = {}, 0.0

    def _cells(self, reply: Reply) -> Iterable[str]:
        before = self._before.get(reply.client, {}).get("test", {})
        for role, scores in reply.report["test"].items():
            earlier, now = before.get(role, {}).get("f1"), scores.get("f1")
            change = _changes(reply.report).get(role)
            yield f"  {role} {_score(earlier)} → {_score(now)} ({_signed(change)})"
        if not reply.report["took"]:
            yield "  did not take the mean"

    def summary(self) -> str:
        """Return a line for every round."""
        roles = list(dict.fromkeys(role for row in self._rows for role in row.change))
        head = "round  sites  seconds" + "".join(f"  {role + ' retrogress':>20}" for role in roles)
        lines = [
            f"{row.number:5}  {row.sites:5}  {row.seconds:7.1f}"
            + "".join(f"  {_signed(row.change.get(role)):>20}" for role in roles)
            for row in self._rows
        ]
        return "\n".join([head, *lines])


def _changes(report: Report) -> dict[str, float | None]:
    """Return what the communication changed; nothing at a site that had not trained before it."""
    return report["change"] or {}


def _roles(reports: Iterable[Report]) -> list[str]:
    return list(dict.fromkeys(role for report in reports for role in _changes(report)))


def _mean(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return fmean(present) if present else None


def _score(value: float | None) -> str:
    return "    –" if value is None else f"{value:5.1f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}"


def _change(role: str, value: float | None) -> str:
    return f"  {role} {_signed(value)}"
