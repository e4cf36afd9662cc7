"""Writes event_file.json: records of an event file as TensorBoard itself writes them.

python3 tests/vectors/make_event_file.py  (tensorboard 2.21.0)
"""

import io
import json
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

WALL_TIME = 1700000000.25


def record(event):
    file = io.BytesIO()
    RecordWriter(file).write(event.SerializeToString())
    return file.getvalue().hex()


def scalars(step, values):
    summary = [Summary.Value(tag=tag, simple_value=value) for tag, value in values]
    event = Event(wall_time=WALL_TIME, step=step, summary=Summary(value=summary))
    return {"step": step, "scalars": values, "record": record(event)}


many = [(f"test/f1/client {k}/personal", 100 / (k + 1)) for k in range(40)]
vectors = {
    "wall_time": WALL_TIME,
    "version": record(Event(wall_time=WALL_TIME, file_version="brain.Event:2")),
    "scalars": [
        scalars(7, [("learning_rate", 0.01)]),
        scalars(1, [("zero", 0.0), ("negative", -12.5), ("Universität/é", 1e-30)]),
        scalars(2**40 + 3, many),
    ],
}
path = Path(__file__).with_name("event_file.json")
path.write_text(json.dumps(vectors, ensure_ascii=False, indent=1) + "\n")
