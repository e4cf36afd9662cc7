"""Has the server-side strategy aggregate whole models: `server_side.py ROUND ROUNDS L_RATE IN=SHARE… -- OUT…`."""

import sys

from flwr.app import Message, MetricRecord, RecordDict
from flwr.supercore.task_identity import TaskIdentity
from safetensors.numpy import load_file, save_file

from prrfl_flower.files import to_record
from prrfl_flower.pfa_strategy import ProgressiveFourierAggregation


def main() -> None:
    """Read the models of all clients, write what each of them gets."""
    TaskIdentity.run_id, TaskIdentity.node_id, TaskIdentity.task_id = 1, 1, 1
    number, rounds, rate, *words = sys.argv[1:]
    split = words.index("--")
    replies = []
    for node, word in enumerate(words[:split]):
        path, share = word.rsplit("=", 1)
        asked = Message(RecordDict(), dst_node_id=node, message_type="train")
        metrics = MetricRecord({"weight": float(share)})
        content = RecordDict({"arrays": to_record(load_file(path)), "metrics": metrics})
        replies.append(Message(content, reply_to=asked))
    strategy = ProgressiveFourierAggregation(int(rounds), float(rate), len(replies))
    strategy.aggregate_train(int(number) + 1, replies)
    for node, path in enumerate(words[split + 1 :]):
        save_file(strategy.models[node], path)


if __name__ == "__main__":
    main()
