"""The ClientApp: it has the site command of its own node do what the server asks for."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flwr.app import ArrayRecord, ConfigRecord, Context, Error, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from .files import FileError, from_record, read_tensors, to_record, write_mean
from .report import ReportError, evaluate_report, train_report
from .settings import (
    SettingError,
    Value,
    checked_agreement,
    checked_round,
    checked_settings,
    digest,
    flags,
)
from .site import Site, SiteError

app = ClientApp()

# Flower's own codes are small; this one says that the text is a site's sentence.
SITE_ERROR = 100


@app.train()
def train(message: Message, context: Context) -> Message:
    """Train a round at this site and reply with what it sends."""
    return _replied(message, lambda: _train(message, context))


@app.evaluate()
def evaluate(message: Message, context: Context) -> Message:
    """Take a round's mean at this site and reply with how its models do now."""
    return _replied(message, lambda: _evaluate(message, context))


def _replied(message: Message, work: Callable[[], RecordDict]) -> Message:
    """Reply with a site's records, or with the reason why there are none."""
    try:
        return Message(work(), reply_to=message)
    except (SettingError, SiteError, FileError, ReportError) as error:
        return Message(Error(SITE_ERROR, str(error)), reply_to=message)
    except OSError as error:
        reason = f"{type(error).__name__}: {error.strerror or 'no reason given'}"
        return Message(Error(SITE_ERROR, reason), reply_to=message)


def _train(message: Message, context: Context) -> RecordDict:
    site = Site.from_node_config(context.node_config)
    config, settings = _asked(message)
    round_number = checked_round(config.get("round"), int(settings["rounds"]))
    _initialise(site, settings, context)
    with tempfile.TemporaryDirectory() as folder:
        sent = Path(folder, "message.safetensors")
        mean = None
        if round_number > 0:
            mean = _mean_file(Path(folder), message, settings, round_number - 1)
        event = site.train(round_number, mean, sent)
        tensors, metadata = read_tensors(sent, "prrfl-message")
    _expect(metadata, round=str(round_number), agreement=str(event.get("agreement")))
    report = train_report(event)
    metrics = {"weight": float(report["weight"]), "num-examples": int(report["trainImages"])}
    return _records(to_record(tensors), metrics, report)


def _evaluate(message: Message, context: Context) -> RecordDict:
    site = Site.from_node_config(context.node_config)
    config, settings = _asked(message)
    round_number = checked_round(config.get("round"), int(settings["rounds"]))
    with tempfile.TemporaryDirectory() as folder:
        mean = _mean_file(Path(folder), message, settings, round_number)
        report = evaluate_report(site.evaluate(round_number, mean))
    metrics = {"weight": 1.0, "num-examples": int(sum(report["images"].values()))}
    return _records(None, metrics, report)


def _asked(message: Message) -> tuple[ConfigRecord, dict[str, Value]]:
    """Return the server's words, and the settings in them: known names, types and ranges only."""
    config = message.content.config_records.get("config", ConfigRecord())
    return config, checked_settings(config)


def _initialise(site: Site, settings: dict[str, Value], context: Context) -> None:
    """Have the state folder made or checked once in a run: the server may not change its mind later."""
    known = context.state.config_records.get("site")
    if known is None or known["settings"] != digest(settings):
        site.init(flags(settings))
        context.state["site"] = ConfigRecord({"settings": digest(settings)})


def _mean_file(folder: Path, message: Message, settings: dict[str, Value], of_round: int) -> Path:
    """Write the mean that came with a message as the site command takes it."""
    config = message.content.config_records["config"]
    arrays = message.content.array_records.get("arrays", ArrayRecord())
    if not arrays:
        raise FileError(f"the server sent no mean of round {of_round}")
    path = folder / "mean.safetensors"
    metadata = {
        "agreement": checked_agreement(config.get("agreement")),
        "method": str(settings["method"]),
        "round": str(checked_round(config.get("mean-round"), int(settings["rounds"]))),
    }
    write_mean(path, from_record(arrays), metadata)
    return path


def _expect(metadata: dict[str, str], **wanted: str) -> None:
    for key, value in wanted.items():
        if metadata.get(key) != value:
            raise FileError(f"the site's message has {key} {metadata.get(key)!r}, not {value!r}")


def _records(
    arrays: ArrayRecord | None, metrics: dict[str, Any], report: dict[str, Any]
) -> RecordDict:
    """Return a reply: metrics for the strategy, the rest of the report as text beside them."""
    records = RecordDict({"metrics": MetricRecord(metrics)})
    if arrays is not None:
        records["arrays"] = arrays
    records["site"] = ConfigRecord({"report": json.dumps(report)})
    return records
