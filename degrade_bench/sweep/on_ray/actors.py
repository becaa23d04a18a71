"""What runs on the nodes of a cluster: processes that damage, and processes that hold a device.

Clips come as references to files, and go as rows. What a heavy metric is to hear stays in the object store of the
node that made it until the node with the device fetches it.
"""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import torch

from degrade_bench._support.stages import timed
from degrade_bench.errors import MetricError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import load_metric_apart
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.device import resolve_device
from degrade_bench.sweep.heavy import HeavyScorer, seconds_of_one
from degrade_bench.sweep.on_ray.messages import Greeting, Handed, Recipe, versions
from degrade_bench.sweep.scoring import MetricInput
from degrade_bench.sweep.worker import Begun, Message, Task, Work, work_on


class Damager:
    """Damages clips and scores them with light metrics: one processor.

    Args:
        elsewhere: heavy metrics that are scored on a device of the cluster.
    """

    def __init__(self, elsewhere: frozenset[str]) -> None:
        self._elsewhere = elsewhere
        self._work: Work | None = None
        self._messages: Iterator[Message] = iter(())

    def learn(self, work: bytes) -> Greeting:
        """Take work that is to be known from now on, pickled."""
        self._work = pickle.loads(work)
        return _greeting()

    def begin(self, task: Task) -> tuple[Message | Handed | None, BlockResult | None]:
        """Begin a task: its first step."""
        assert self._work is not None
        self._messages = work_on(task, self._work)
        return self.step()

    def step(self) -> tuple[Message | Handed | None, BlockResult | None]:
        """Read the clip, the first time, then one block after the other; up to where the next step begins.

        Returns:
            what became of it, None where there is nothing to do; and what a device is to hear of it.
        """
        message: Message | None = None
        for told in self._messages:
            if not isinstance(told, Begun):
                message = told
            elif message is not None:
                break
        if not isinstance(message, BlockResult) or not (there := self._elsewhere & message.inputs.keys()):
            return message, None
        apart = _part(replace(message, rows=(), counts={}, stages={}), there)
        size = sum(_bytes(cell) for cells in apart.inputs.values() for cell in cells)
        return Handed(_part(message, message.inputs.keys() - there), there, size), apart

    def ping(self) -> None:
        """Answer."""


class Device:
    """Scores with heavy metrics: one device, or one processor where the cluster has no devices.

    Args:
        recipes: how the metrics are made.
        batch_size: the most signals that a metric is given at once; None for whole blocks.
        checked: the block in which a signal is scored alone, too.
        threads: of torch. Sums over long signals depend on their number in the last bit, so it is that of the
            process that began the run.

    Raises:
        MetricError: a metric cannot be made here, or it is another one here than in the process that began the run.
    """

    def __init__(
        self, recipes: Mapping[str, Recipe], batch_size: int | None, checked: str | None, threads: int
    ) -> None:
        torch.set_num_threads(threads)
        self._metrics = {name: _made(name, recipe) for name, recipe in recipes.items()}
        self._scorer = HeavyScorer(tuple(self._metrics.values()), batch_size, checked)

    def greet(self) -> Greeting:
        """Say that the metrics are there."""
        return _greeting()

    def seconds_of_one(self, name: str, cells: list[MetricInput], sample_rate: int) -> float:
        """Seconds of one cell, measured.

        Args:
            name: of a metric.
            cells: one of them.
            sample_rate: of it, in Hz.
        """
        return seconds_of_one(self._metrics[name], cells, sample_rate)

    def score(self, *blocks: BlockResult) -> list[BlockResult]:
        """The rows of blocks, in their order."""
        done: dict[tuple[str, str], BlockResult] = {}

        def keep(result: BlockResult) -> None:
            done[result.clip_id, result.block] = result

        with timed() as spent:
            for block in blocks:
                self._scorer.take(block, keep)
            self._scorer.finish()
        scored = [replace(done[block.clip_id, block.block], stages={}) for block in blocks]
        scored[0] = replace(scored[0], stages=spent.here)
        return scored


def _made(name: str, recipe: Recipe) -> Metric:
    """A metric of a recipe.

    Raises:
        MetricError: it is another one.
    """
    metric = load_metric_apart(recipe.spec, recipe.settings, resolve_device(recipe.device), recipe.timeout)
    if metric.fingerprint() != recipe.fingerprint:
        raise MetricError(
            f"metric {name!r} has another fingerprint on {_host()}, {metric.fingerprint()} instead of "
            f"{recipe.fingerprint}: other code, weights or settings"
        )
    return metric


def _greeting() -> Greeting:
    import ray

    return Greeting(ray.get_runtime_context().get_node_id(), _host(), versions())


def _host() -> str:
    import ray

    return str(ray.util.get_node_ip_address())


def _part(result: BlockResult, names: Collection[str]) -> BlockResult:
    """A block of which only these metrics are still to be scored."""
    inputs = {name: cells for name, cells in result.inputs.items() if name in names}
    return replace(result, inputs=inputs, row_stubs={name: result.row_stubs[name] for name in inputs})


def _bytes(cell: MetricInput) -> int:
    prepared = None if cell.prepared is None else cell.prepared.windows
    return sum(heard.nbytes for heard in (cell.samples, cell.reference, prepared) if heard is not None)
