"""A Grid without a network: the ClientApp runs in this process, once for every site, with the fake site program."""

import shlex
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from flwr.app import Context, Error, Message, RecordDict
from flwr.proto.node_pb2 import NodeInfo
from flwr.serverapp import Grid
from flwr.supercore.run import Run
from flwr.supercore.task_identity import TaskIdentity

from prrfl_flower.client_app import app

# Flower sets them before it starts an app; messages carry them.
TaskIdentity.run_id, TaskIdentity.node_id, TaskIdentity.task_id = 1, 1, 1

FAKE_SITE = Path(__file__).with_name("fake_site.py")

# A small run of the app's own configuration.
RUN_CONFIG: dict[str, Any] = {
    "method": "prrfl",
    "rounds": 3,
    "local-epochs": 2,
    "learning-rate": 0.03,
    "learning-rate-step": 5,
    "learning-rate-gamma": 0.5,
    "optimizer": "sgd",
    "momentum": 0.0,
    "weight-decay": 0.000001,
    "batch-size": 16,
    "l-rate": 0.7,
    "alpha1": 0.7,
    "alpha2": 0.9,
    "fml-alpha": 0.5,
    "fml-beta": 0.5,
    "proximal-mu": 0.01,
    "client-weights": "equal",
    "network": "vgg_nb",
    "width": 0.25,
    "image-size": 32,
    "augment": "none",
    "seed": 1,
    "sites": 4,
    "min-sites": 2,
    "round-timeout": 60.0,
    "first-round": -1,
}


def node_config(folder: Path, name: str, trouble: str = "", **more: Any) -> dict[str, Any]:
    """Return the node config of a site with a state folder of its own."""
    command = shlex.join([sys.executable, "-IS", str(FAKE_SITE)])
    return {
        "site-command": f"{command} {trouble}".strip(),
        "state": str(folder / name),
        "data": "demo",
        "client": name,
        "place": ord(name[-1]) - ord("A"),
        **more,
    }


class LocalGrid(Grid):
    """Sites by their node config; some may be away, or see their messages changed."""

    def __init__(self, nodes: dict[int, dict[str, Any]]) -> None:
        self.contexts = {
            node: Context(1, node, config, RecordDict(), {}) for node, config in nodes.items()
        }
        self.away: dict[tuple[str, int], set[int]] = {}
        self.lost: dict[tuple[str, int], set[int]] = {}
        self.before: list[Any] = []
        self.backwards = False
        self.steps: list[tuple[str, int]] = []

    @property
    def run(self) -> Run:
        raise NotImplementedError

    def set_run(self, run: Run) -> None:
        raise NotImplementedError

    def create_message(self, *_: Any, **__: Any) -> Message:
        raise NotImplementedError

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        raise NotImplementedError

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        raise NotImplementedError

    def get_node_ids(self) -> list[int]:
        return list(self.contexts)

    def get_nodes(self) -> Iterable[NodeInfo]:
        return [NodeInfo(node_id=node, name=f"registered{node}") for node in self.contexts]

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> list[Message]:
        """Let every site that is there do what it is asked for."""
        del timeout
        messages = sorted(messages, key=lambda message: message.metadata.dst_node_id)
        step = messages[0].metadata.message_type, int(messages[0].content["config"]["round"])
        self.steps.append(step)
        for look in self.before:
            look(step, messages)
        for message in messages:
            message.metadata.__dict__["_message_id"] = f"question {message.metadata.dst_node_id}"
        there = [
            (message, self.contexts[node])
            for message in messages
            if (node := _node(message))
            not in self.away.get(step, set()) | self.lost.get(step, set())
        ]
        with ThreadPoolExecutor(4) as threads:
            replies = list(threads.map(lambda pair: app(*pair), there))
        replies += [
            _unavailable(message)
            for message in messages
            if _node(message) in self.lost.get(step, set())
        ]
        return replies[::-1] if self.backwards else replies


def _node(message: Message) -> int:
    return message.metadata.dst_node_id


def _unavailable(question: Message) -> Message:
    """Return what the SuperLink itself replies for a node whose heartbeat has stopped."""
    reply = Message(Error(5, "Node Unavailable"), reply_to=question)
    reply.metadata.__dict__["_src_node_id"] = 1
    return reply
