"""The excerpts that the report plays, made beside the analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from degrade_bench._support.pipes import needs_main_script, receive, send
from degrade_bench._support.processes import how_it_ended
from degrade_bench.bench.extremes import extremes
from degrade_bench.sweep.examples import Played, Playing
from degrade_bench.sweep.execute import SweepResult
from degrade_bench.sweep.processes import Farewell, start_process
from degrade_bench.sweep.spec import Sweep

Made = Callable[[], Played]


@contextmanager
def being_played(sweep: Sweep, result: SweepResult, warned: Callable[[str], None]) -> Iterator[Made]:
    """Within this, excerpts are made of the first clip of the table that can still be read.

    A worker process makes them meanwhile, which has loaded already what damage needs, and whose end would not be
    the run's. Where the run has no workers, or no process can be started, this one makes them when it is asked for
    them. Of a degradation over which workers died, there are none.

    Args:
        sweep: what was scored.
        result: what came of it.
        warned: told what went wrong.

    Yields:
        what waits for the excerpts and gives them.
    """
    wanted = _wanted(sweep, result)
    first = next(wanted, None)
    started = None
    if first is not None and result.workers > 1 and not needs_main_script(first):
        with suppress(OSError):  # no room for one more process: what is scored must not be lost for that
            started = start_process(imports_main_script=False)
    if started is None:
        yield lambda: _made_here(first, wanted)
        return
    process, connection = started

    def made() -> Played:
        with suppress(EOFError, OSError):
            asked: Playing | None = first
            while asked is not None:
                answer = receive(connection)
                if isinstance(answer, Farewell):
                    warned(f"the report plays nothing: {answer.reason}")
                    return Played()
                if answer is not None:
                    return answer  # type: ignore[no-any-return]  # what the worker was asked for
                asked = next(wanted, None)
                send(connection, asked)
            return Played()
        process.join(timeout=2)
        ended = how_it_ended(process.exitcode)
        warned(f"the report plays nothing: the process that made the excerpts ended ({ended})")
        return Played()

    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # it has ended, which is found out when it is asked
            send(connection, first)
        yield made
    finally:
        connection.close()
        process.join(timeout=0.1)
        if process.is_alive():
            process.kill()
        process.join()


def _wanted(sweep: Sweep, result: SweepResult) -> Iterator[Playing]:
    """What could be played, clip by clip."""
    standing_out = extremes(sweep, result) if result.clips else ()
    for source in sweep.sources:
        if source.id in result.clips:
            deadly = result.broken_off(source.id)
            degradations = tuple(one for one in sweep.degradations if one.name not in deadly)
            yield Playing(source, degradations, sweep.levels, sweep.seed, len(sweep.judged), standing_out)


def _made_here(first: Playing | None, others: Iterator[Playing]) -> Played:
    made = None if first is None else first.made()
    while made is None:
        other = next(others, None)
        if other is None:
            return Played()
        made = other.made()
    return made
