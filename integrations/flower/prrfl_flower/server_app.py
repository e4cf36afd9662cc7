"""The ServerApp: it reads the run's settings, goes on where the folder's last mean ends, and averages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flwr.app import ConfigRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.exception import InconsistentMessageReplies

from .files import to_record
from .journal import Journal, JournalError
from .settings import SettingError, Value, checked_settings, digest
from .strategy import NamedSites

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Run all rounds that are left."""
    try:
        run(grid, context.run_config)
    except (SettingError, JournalError) as error:
        # Of Flower's exceptions the one that says: something about this run does not fit.
        raise InconsistentMessageReplies(str(error)) from error


def run(grid: Grid, config: Mapping[str, Any]) -> None:
    """Run all rounds that are left, as a run config says."""
    settings = checked_settings(config)
    sites, min_sites = _site_counts(config)
    journal = Journal(Path(str(config["folder"])), digest(settings), str(settings["method"]))
    first = _first_round(config.get("first-round", -1), journal)
    rounds = int(settings["rounds"])
    timeout = float(config["round-timeout"])
    strategy = NamedSites(journal, first, sites, min_sites)
    _say_where(journal, first, rounds)
    if first > 0 and not journal.was_tested():
        strategy.test_last_mean(grid, _words(settings), timeout)
    if first < rounds:
        strategy.start(
            grid,
            to_record(journal.tensors),
            num_rounds=rounds - first,
            timeout=timeout,
            train_config=_words(settings),
            evaluate_config=_words(settings),
        )
    print(f"\n{strategy.table.summary()}\n{journal.folder / 'rounds.jsonl'}", flush=True)


def _words(settings: Mapping[str, Value]) -> ConfigRecord:
    return ConfigRecord(dict(settings))


def _site_counts(config: Mapping[str, Any]) -> tuple[int, int]:
    sites, least = config["sites"], config["min-sites"]
    if not (isinstance(sites, int) and isinstance(least, int) and 1 <= least <= sites):
        raise SettingError(
            f"min-sites is {least} and sites {sites} but 1 ≤ min-sites ≤ sites is expected"
        )
    return sites, least


def _first_round(wanted: object, journal: Journal) -> int:
    """Return the round to begin with: the one after the last mean, which alone a site can take."""
    following = journal.mean_round + 1
    if wanted in (-1, following):
        return following
    raise JournalError(
        f"first-round is {wanted} but the last mean in {journal.folder} is that of round "
        f"{journal.mean_round}: leave it at -1, or name another folder"
        if journal.mean_round >= 0
        else f"first-round is {wanted} but {journal.folder} holds no mean to go on from"
    )


def _say_where(journal: Journal, first: int, rounds: int) -> None:
    if first == 0:
        print(f"{rounds} rounds; they are noted in {journal.folder}", flush=True)
    elif first < rounds:
        print(f"going on with round {first} of {rounds} in {journal.folder}", flush=True)
    else:
        print(f"all {rounds} rounds are done in {journal.folder}", flush=True)
