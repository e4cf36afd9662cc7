"""The server's folder: what happened in every round, and the last mean, from which a run goes on."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .files import FileError, Tensors, read_tensors, write_mean
from .report import Report


class JournalError(RuntimeError):
    """A folder that cannot be gone on with."""


class Journal:
    """`rounds.jsonl`, a line for everything that happened, and `mean.safetensors`."""

    def __init__(self, folder: Path, settings: str, method: str) -> None:
        """Use a folder, new or of a run of the same settings (their digest)."""
        self.folder = folder.expanduser().absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lines = self.folder / "rounds.jsonl"
        self._mean = self.folder / "mean.safetensors"
        self._marks = {"method": method, "settings": settings}
        self.tensors: Tensors = {}
        self.agreement: str | None = None
        self.mean_round = -1
        if self._mean.exists():
            self._read_mean()

    def _read_mean(self) -> None:
        try:
            self.tensors, metadata = read_tensors(self._mean, "prrfl-mean")
            self.mean_round = int(metadata["round"])
            self.agreement = metadata["agreement"]
        except (FileError, KeyError, ValueError) as error:
            raise JournalError(f"{self._mean} cannot be gone on with: {error}") from error
        if {key: metadata.get(key) for key in self._marks} != self._marks:
            raise JournalError(
                f"{self.folder} holds a run of other settings: go on with those, or name another folder"
            )

    def was_tested(self) -> bool:
        """Say whether sites have reported how they do with the last mean."""
        lines = self._lines.read_text("utf-8").splitlines() if self._lines.exists() else []
        tested = (_entry(line) for line in lines)
        return any(
            entry.get("type") == "evaluated" and entry.get("round") == self.mean_round
            for entry in tested
        )

    def note(self, kind: str, round_number: int, **facts: object) -> None:
        """Append a line; it is on the disk when this returns."""
        with self._lines.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"type": kind, "round": round_number, **facts}) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def note_report(self, kind: str, report: Report, **facts: object) -> None:
        """Append what a site reported."""
        rest = {key: value for key, value in report.items() if key != "round"}
        self.note(kind, report["round"], **rest, **facts)

    def keep_mean(self, round_number: int, tensors: Tensors, agreement: str) -> None:
        """Store a round's mean before any site hears of it."""
        marks: Mapping[str, str] = {
            **self._marks,
            "agreement": agreement,
            "round": str(round_number),
        }
        write_mean(self._mean, tensors, marks)
        self.tensors, self.agreement, self.mean_round = tensors, agreement, round_number


def _entry(line: str) -> dict[str, Any]:
    """Return a line's object; the last line may be cut off where the machine stopped."""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return entry if isinstance(entry, dict) else {}
