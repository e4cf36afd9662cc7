"""What the sites replied in one step of a round: who did what was asked, who did not, and why."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from flwr.app import ArrayRecord, Message

from .files import byte_count
from .report import Report, ReportError, parsed

# Of Flower: its word for a node whose heartbeat stopped.
_NODE_UNAVAILABLE = 5


@dataclass(frozen=True)
class Reply:
    """A usable reply."""

    node: int
    report: Report
    message: Message

    @property
    def client(self) -> str:
        """The site's name."""
        return str(self.report["client"])

    @property
    def arrays(self) -> ArrayRecord:
        """What it sent."""
        return next(iter(self.message.content.array_records.values()), ArrayRecord())


@dataclass
class Replies:
    """Usable replies in the order of the sites' names, and the reasons of the others by name."""

    good: list[Reply] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def leave_out(self, reply: Reply, why: str) -> None:
        """Count a reply among those that cannot be used."""
        self.good.remove(reply)
        self.left_out[reply.client] = why

    def bytes_up(self) -> int:
        """Return the bytes of all arrays received."""
        return sum(byte_count(reply.arrays) for reply in self.good)


def sorted_replies(
    messages: Iterable[Message], asked: Iterable[Message], names: dict[int, str], is_train: bool
) -> Replies:
    """Read the replies to what was asked; learn the sites' names on the way."""
    replies = Replies()
    # By the question: where a node is gone, Flower itself replies.
    nodes = {question.metadata.message_id: question.metadata.dst_node_id for question in asked}
    silent = set(nodes.values())
    for message in messages:
        metadata = message.metadata
        node = nodes.get(metadata.reply_to_message_id, metadata.src_node_id)
        silent.discard(node)
        try:
            report = _report(message, is_train)
        except ReportError as error:
            replies.left_out[_name(names, node)] = str(error)
        else:
            names[node] = str(report["client"])
            replies.good.append(Reply(node, report, message))
    for node in sorted(silent):
        replies.left_out[_name(names, node)] = "it did not answer in time"
    replies.good.sort(key=lambda reply: (reply.client, reply.node))
    return replies


def _name(names: dict[int, str], node: int) -> str:
    return names.get(node) or f"node {node}"


def _report(message: Message, is_train: bool) -> Report:
    if message.has_error():
        error = message.error
        if error.code == _NODE_UNAVAILABLE:
            raise ReportError("its connection is lost")
        raise ReportError(error.reason or f"it failed with Flower's code {error.code}")
    records = message.content
    text = records.config_records["site"].get("report") if "site" in records else None
    if not isinstance(text, str):
        raise ReportError("its reply has no report")
    return parsed(text, is_train)


def check_replies(replies: Replies, round_number: int, agreement: str | None) -> str | None:
    """Leave out what does not belong into this round; give back what the sites agree on.

    With no agreement known yet every site has to have the same one.
    """
    for reply in list(replies.good):
        if reply.report["round"] != round_number:
            replies.leave_out(reply, f"it replied for round {reply.report['round']}")
    for name, count in Counter(reply.client for reply in replies.good).items():
        if count > 1:
            raise ReportError(
                f"{count} sites call their client {name}: rename its folder at one of them"
            )
    known = agreement or _common_agreement(replies.good)
    for reply in list(replies.good):
        if reply.report["agreement"] != known:
            replies.leave_out(reply, "its settings, classes or program differ from the others'")
    return known


def _common_agreement(replies: Sequence[Reply]) -> str | None:
    found = {reply.client: str(reply.report["agreement"])[:12] for reply in replies}
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{client} has {value}" for client, value in found.items())
        raise ReportError(f"the sites do not agree on settings, classes or program: {listed}")
    return str(replies[0].report["agreement"]) if replies else None


def check_arrays(replies: Replies) -> None:
    """Leave out updates with NaN or infinities, of other shapes than most have, or without a weight."""
    for reply in list(replies.good):
        if problem := _problem(reply):
            replies.leave_out(reply, problem)
    forms = [(_form(reply.arrays), reply) for reply in replies.good]
    common = Counter(form for form, _ in forms).most_common(2)
    if len(common) == 2 and common[0][1] == common[1][1]:
        raise ReportError("half of the sites sent tensors of one form, half of another")
    for form, reply in forms:
        if form != common[0][0]:
            replies.leave_out(reply, "its tensors have other names or shapes than the others'")


def _problem(reply: Reply) -> str | None:
    if not reply.arrays:
        return "it sent no tensors"
    for name, array in reply.arrays.items():
        try:
            values = array.numpy()
        except (ValueError, OSError, TypeError):
            return f"its {name} cannot be read"
        if values.dtype != np.float32:
            return f"its {name} is {values.dtype}, not float32"
        if not np.isfinite(values).all():
            count = int(values.size - np.isfinite(values).sum())
            return f"{count} of the {values.size} numbers of its {name} are not finite"
    metrics = next(iter(reply.message.content.metric_records.values()), {})
    weight = metrics.get("weight")
    if not isinstance(weight, float) or not math.isfinite(weight) or weight <= 0:
        return f"its weight is {weight}"
    return None


def _form(record: ArrayRecord) -> tuple[tuple[str, tuple[int, ...]], ...]:
    return tuple(sorted((name, tuple(array.shape)) for name, array in record.items()))
