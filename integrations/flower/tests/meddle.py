"""Runs a site command whose files are not as they should be in some rounds.

`meddle.py mean@0 -- COMMAND …` makes the last number of a mean a NaN before the site tests with it in round 0;
`meddle.py data@1 -- COMMAND …` moves the data folder away while the site should test in round 1.
"""

import struct
import subprocess
import sys
from pathlib import Path


def run(trouble: list[str], line: list[str]) -> int:
    """Run the command, and give back its exit code."""
    if "evaluate" not in line:
        return subprocess.run(line, check=False).returncode
    given = dict(word[2:].split("=", 1) for word in line if word.startswith("--") and "=" in word)
    if f"mean@{given['round']}" in trouble:
        with Path(given["mean"]).open("r+b") as file:
            file.seek(-4, 2)
            file.write(struct.pack("<f", float("nan")))
    if f"data@{given['round']}" not in trouble:
        return subprocess.run(line, check=False).returncode
    data = Path(given["data"])
    away = data.rename(f"{data}-away")
    try:
        return subprocess.run(line, check=False).returncode
    finally:
        away.rename(data)


if __name__ == "__main__":
    separator = sys.argv.index("--")
    sys.exit(run(sys.argv[1:separator], sys.argv[separator + 1 :]))
