"""The processes of a cluster that damage: how they are hired, greeted and dismissed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from degrade_bench._support.texts import one_line, said
from degrade_bench.sweep.on_ray.hand import Hand
from degrade_bench.sweep.on_ray.messages import Greeting, difference
from degrade_bench.sweep.processes import WorkerStartError

MOST_SILENT = 2
"""So many processes in a row may die before they have their work in hands, where none has come so far yet."""

MOST_FAILED_STARTS = 10
"""And so many later on."""


class Workforce:
    """Processes that damage.

    Args:
        blocks: names of all blocks of a clip, in order.
        elsewhere: heavy metrics that are scored on a device of the cluster.

    Attributes:
        hands: the processes.
    """

    def __init__(self, blocks: Sequence[str], elsewhere: frozenset[str]) -> None:
        self._blocks, self._elsewhere = blocks, elsewhere
        self._failed_starts, self._greeted = 0, False
        self.hands: list[Hand] = []

    @property
    def is_working(self) -> bool:
        """Whether any process has a task and answers."""
        return any(hand.state == "working" for hand in self.hands)

    def hired(self, work: Any) -> Hand:
        """One more process.

        Args:
            work: a reference to what it is to know, pickled.
        """
        hand = Hand(work, self._blocks, self._elsewhere)
        self.hands.append(hand)
        return hand

    def dismiss(self, hand: Hand) -> None:
        """End a process."""
        self.hands.remove(hand)
        hand.end()

    def end(self) -> None:
        """End all processes at once."""
        for hand in self.hands:
            hand.end()

    def greet(self, hand: Hand) -> None:
        """Hear whether a process has its work in hands; one that has not is dismissed.

        Raises:
            WorkerStartError: it cannot be given its work, has other versions, or too many never came so far.
        """
        import ray

        try:
            check(hand.greeting())
        except ray.exceptions.RayTaskError as error:
            raise WorkerStartError(
                f"a process of the cluster cannot be given its work ({said(error.cause)}); define classes and "
                "functions in a module that can be imported on every node"
            ) from error
        except ray.exceptions.RayError as error:
            self.dismiss(hand)
            self._failed_starts += 1
            if self._failed_starts >= (MOST_FAILED_STARTS if self._greeted else MOST_SILENT):
                raise WorkerStartError(
                    f"{self._failed_starts} processes of the cluster in a row ended before they began "
                    f"({one_line(str(error))})"
                ) from error
        else:
            self._greeted, self._failed_starts = True, 0


def check(greeting: Greeting) -> None:
    """Raise where a process has other versions than this one.

    Raises:
        WorkerStartError: names the first that differs.
    """
    if (differs := difference(greeting)) is not None:
        raise WorkerStartError(differs)
