"""One site as its own node config describes it, and its command as a process."""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_KEYS = ("site-command", "state", "data", "client", "place", "adapter")
# Seconds a process has to end by itself: Flower ends its own five seconds after a signal.
_GRACE = 3


class SiteError(RuntimeError):
    """The site could not do what it was asked for; the text names neither files nor folders."""


@dataclass(frozen=True)
class Site:
    """Command, folders and place of a site. All of it comes from its node config, nothing from the server."""

    command: tuple[str, ...]
    state: Path
    data: str
    client: str | None = None
    place: int | None = None
    adapter: str | None = None

    @classmethod
    def from_node_config(cls, config: Mapping[str, Any]) -> Self:
        """Read `--node-config` of the SuperNode."""
        unknown = sorted(set(config) - set(_KEYS))
        if unknown:
            raise SiteError(f"node config: unknown {', '.join(unknown)}; known: {', '.join(_KEYS)}")
        for key in ("site-command", "state", "data"):
            if not config.get(key):
                raise SiteError(f"node config: {key} is missing")
        place = config.get("place")
        if place is not None and (isinstance(place, bool) or not isinstance(place, int)):
            raise SiteError(f"node config: place is {place!r} but a whole number is expected")
        command = tuple(shlex.split(str(config["site-command"])))
        state = Path(str(config["state"])).expanduser()
        texts = {key: str(config[key]) for key in ("client", "adapter") if config.get(key)}
        return cls(command, state, str(config["data"]), place=place, **texts)

    def init(self, flags: Sequence[str]) -> dict[str, Any]:
        """Make the state folder, or see that it is one of these settings."""
        own = [f"--client={self.client}"] if self.client else []
        own += [f"--place={self.place}"] if self.place is not None else []
        return self._run("init", [*own, *flags])

    def train(self, round_number: int, mean: Path | None, message: Path) -> dict[str, Any]:
        """Train a round; what the site sends is in the file `message` afterwards."""
        given = [f"--mean={mean}"] if mean else []
        return self._run("train", [f"--round={round_number}", *given, f"--message={message}"])

    def evaluate(self, round_number: int, mean: Path) -> dict[str, Any]:
        """Take the mean of a round, and test with it."""
        return self._run("evaluate", [f"--round={round_number}", f"--mean={mean}"])

    def _run(self, action: str, arguments: Sequence[str]) -> dict[str, Any]:
        adapter = [f"--adapter={self.adapter}"] if self.adapter else []
        own = [f"--state={self.state}", f"--data={self.data}", *adapter]
        line = [*self.command, action, *own, *arguments]
        code, output, last = _run_process(line)
        if code != 0:
            raise SiteError(f"site {action} ended with {code}: {self.without_paths(last)}")
        return _event(action, output)

    def without_paths(self, text: str) -> str:
        """Leave out of a sentence whatever may name a file or folder of this machine."""
        folders = [str(self.state), str(self.state.absolute()), str(Path.home())]
        folders += [self.data] if self.data != "demo" else []
        for path in sorted(folders, key=len, reverse=True):
            # A folder may be called "C"; words that begin with it stay.
            text = re.sub(rf"(?<!\w){re.escape(path)}(?!\w)", "…", text)
        return _PATHS.sub("…", text)


# Quoted words with a slash or a backslash may hold spaces; other words end at one. Then names of files.
_PATHS = re.compile(
    r"""(?<=["'“‘`])[^"'”’`]*[/\\][^"'”’`]*(?=["'”’`])"""
    r"""|[^\s"'“‘`]*[/\\][^\s"'”’`]*"""
    r"""|\b[\w…-]+\.(?:png|jpe?g|tiff?|bmp|gif|webp|dcm|csv|tsv|txt|npz|npy|json|safetensors)\b""",
    re.IGNORECASE,
)


def _run_process(line: Sequence[str]) -> tuple[int, str, str]:
    """Run it to its end; give back exit code, output and the last line of its notes, which are passed on."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        try:
            process = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                env={**os.environ, "NO_COLOR": "1"},
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise SiteError(f"the site-command does not start: {error.strerror}") from error
        notes = ["no reason given"]
        reader = threading.Thread(target=_pass_on, args=(process, notes), daemon=True)
        reader.start()
        try:
            code = _wait(process)
        finally:
            _end(process)
            reader.join(_GRACE)
        output.seek(0)
        return code, output.read(), notes[-1]


def _pass_on(process: "subprocess.Popen[str]", notes: list[str]) -> None:
    for note in process.stderr or ():
        sys.stderr.write(note)
        sys.stderr.flush()
        if note.strip():
            notes[-1] = note.strip()


def _wait(process: "subprocess.Popen[str]") -> int:
    """Wait for the end, awake now and then.

    Where a SuperNode is gone, another thread of Flower's raises a signal in this process; Python hands it to the main
    thread when that runs next, which one that waits for a process or a pipe does not.
    """
    while True:
        try:
            return process.wait(1)
        except subprocess.TimeoutExpired:
            continue


def _end(process: "subprocess.Popen[str]") -> None:
    """Let nothing run on: two processes must not train in one folder."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _event(action: str, output: str) -> dict[str, Any]:
    try:
        event = json.loads(output)
    except json.JSONDecodeError as error:
        raise SiteError(f"site {action} printed no line of JSON") from error
    if not isinstance(event, dict) or event.get("type") != action:
        raise SiteError(f"site {action} printed something else than its own line")
    return event
