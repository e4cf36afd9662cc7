"""FedAvg as Flower has it, for sites with names: in their order, without what cannot be averaged."""

import time
from collections.abc import Iterable

from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.serverapp import Grid
from flwr.serverapp.exception import AggregationError
from flwr.serverapp.strategy import FedAvg

from .files import byte_count, from_record, to_record
from .journal import Journal
from .replies import Replies, check_arrays, check_replies, sorted_replies
from .report import ReportError
from .table import RoundTable


class NamedSites(FedAvg):
    """Averages what sites send, once it has seen that it may."""

    def __init__(self, journal: Journal, first_round: int, sites: int, min_sites: int) -> None:
        """Take a journal and numbers: the first round, from 0, and how many sites there are and have to be."""
        super().__init__(weighted_by_key="weight")
        self._journal = journal
        self._offset = first_round - 1
        self._sites, self._min_sites = sites, min_sites
        self._wait_for(sites)
        self._names: dict[int, str] = {}
        self._asked: list[Message] = []
        self._began = 0.0
        self._bytes_down = 0
        self.table = RoundTable()

    def _wait_for(self, sites: int) -> None:
        """Have Flower's sampling wait until so many are connected; it takes all that are."""
        self.min_train_nodes = self.min_evaluate_nodes = self.min_available_nodes = sites

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Ask every connected site to train; at first wait until all of them are."""
        number = server_round + self._offset
        self._mark(config, number, number - 1)
        messages = list(super().configure_train(server_round, arrays, config, grid))
        self._wait_for(self._min_sites)
        self._remember(messages, arrays, grid)
        return messages

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Average the messages that can be; without enough of them the run ends here."""
        number = server_round + self._offset
        read = self._read(replies, number, is_train=True)
        arrays, metrics = super().aggregate_train(
            server_round, [reply.message for reply in read.good]
        )
        if arrays is None:
            raise AggregationError(f"round {number}: there is nothing to average")
        self._keep(number, read, arrays)
        return arrays, metrics

    def _keep(self, number: int, read: Replies, mean: ArrayRecord) -> None:
        seconds = round(time.monotonic() - self._began, 3)
        for reply in read.good:
            self._journal.note_report("trained", reply.report, bytes=byte_count(reply.arrays))
        agreement = str(read.good[0].report["agreement"])
        self._journal.keep_mean(number, from_record(mean), agreement)
        sites = [reply.client for reply in read.good]
        up, down = read.bytes_up(), self._bytes_down
        self._journal.note("averaged", number, sites=sites, seconds=seconds, up=up, down=down)
        self.table.trained(number, read.good, seconds)

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Send the mean to every connected site."""
        number = server_round + self._offset
        self._mark(config, number, number)
        messages = list(super().configure_evaluate(server_round, arrays, config, grid))
        self._remember(messages, arrays, grid)
        return messages

    def aggregate_evaluate(
        self, server_round: int, replies: Iterable[Message]
    ) -> MetricRecord | None:
        """Note how the sites do with the mean, and print the round."""
        number = server_round + self._offset
        read = self._read(replies, number, is_train=False)
        for reply in read.good:
            self._journal.note_report("tested", reply.report)
        seconds = round(time.monotonic() - self._began, 3)
        down = self._bytes_down
        self._journal.note("evaluated", number, seconds=seconds, up=0, down=down)
        self.table.tested(number, read.good, seconds)
        return super().aggregate_evaluate(server_round, [reply.message for reply in read.good])

    def test_last_mean(self, grid: Grid, config: ConfigRecord, timeout: float) -> None:
        """Make up for the test of the mean before the first round, if the server stopped between the two."""
        mean = to_record(self._journal.tensors)
        messages = self.configure_evaluate(0, mean, config, grid)
        self.aggregate_evaluate(0, grid.send_and_receive(messages, timeout=timeout))

    def _mark(self, config: ConfigRecord, number: int, mean_round: int) -> None:
        config["round"] = number
        if mean_round >= 0:
            config["mean-round"] = mean_round
            config["agreement"] = self._journal.agreement or ""

    def _remember(self, messages: list[Message], arrays: ArrayRecord, grid: Grid) -> None:
        for node in grid.get_nodes():
            if node.name:
                self._names.setdefault(node.node_id, node.name)
        self._asked = messages
        self._bytes_down = len(messages) * byte_count(arrays)
        self._began = time.monotonic()

    def _read(self, messages: Iterable[Message], number: int, is_train: bool) -> Replies:
        """Sort and check replies; say of every site that is left out why."""
        replies = sorted_replies(messages, self._asked, self._names, is_train)
        try:
            check_replies(replies, number, self._journal.agreement)
            if is_train:
                check_arrays(replies)
        except ReportError as error:
            self._journal.note("stopped", number, why=str(error))
            raise AggregationError(f"round {number}: {error}") from error
        finally:
            self._tell(replies, number, "train" if is_train else "evaluate")
        if is_train and len(replies.good) < self._min_sites:
            why = f"{len(replies.good)} usable messages but at least {self._min_sites} are needed"
            self._journal.note("stopped", number, why=why)
            raise AggregationError(f"round {number}: {why}")
        return replies

    def _tell(self, replies: Replies, number: int, step: str) -> None:
        for site, why in sorted(replies.left_out.items()):
            self._journal.note("failed", number, step=step, site=site, why=why)
            print(f"round {number}: {site} is left out of {step}: {why}", flush=True)
