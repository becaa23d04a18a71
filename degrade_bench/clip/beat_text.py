"""Beats as text: a time per line, and behind it the beat's place in its bar.

Times are seconds. What may stand behind them, all lines alike:

- nothing, or nothing on some lines;
- the beat's number in its bar, 1 being the downbeat (as madmom writes it);
- bar and beat as ``bar.beat``: ``1.1``, ``1.2``, …, ``2.1`` (as trackers and sequencers write it);
- Audacity's labels: ``start``, ``end`` and a label with one of the two above, the same word everywhere, or none.

Fields are parted by white space, ``;`` or ``,``. A comma within numbers that have no decimal point is a decimal
comma where only that can be meant. A first line of words is a header; ``#`` begins a comment. Nothing is guessed:
what could be read in two ways (``0,5``: a comma between two columns or within a number?) is refused with what was
expected, and so are times that no beats have (milliseconds, samples, frames) and numbers from 0.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from degrade_bench.errors import AnnotationError

EXPECTED = "expected a time in seconds, and behind it the beat's number in its bar or bar.beat"
LARGEST_NUMBER = 16
"""The highest number of a beat in its bar; beyond it, beats were counted through."""
SHORTEST_INTERVAL, LONGEST_INTERVAL = 0.05, 10.0
"""Seconds between beats, by the median: from 6 to 1,200 a minute. Other times are in another unit."""
TOGETHER = 1e-3
"""Seconds between two times that are meant to be one."""

MOST_LINES, LONGEST_LINE = 200_000, 1000
"""Sixteen hours at 200 beats a minute, and characters of a line without its comment."""
JUDGED_CHARACTERS = 1 << 20
"""How much of a text is looked at to tell whether it may be beats."""

# none of these goes back over what it has matched: their time grows with the text and no faster
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NUMERIC = re.compile(r"[+-]?(?=[.,:]*\d)[\d.,:]+([eE][+-]?\d+)?", re.ASCII)
_WITHIN = re.compile(r"\d,\d", re.ASCII)
_BAR_BEAT = re.compile(r"(\d+)\.(\d+)", re.ASCII)


@dataclass(frozen=True)
class _Row:
    """A line that is no comment: its number from 1, what it says, and its fields."""

    line: int
    content: str
    fields: tuple[str, ...] = ()

    def error(self, reason: str) -> AnnotationError:
        return AnnotationError(f"line {self.line}: {self.content[:40]!r}: {reason}")


def looks_like_beats(text: str) -> bool:
    """Whether half or more of the lines begin as lines of beats do: with a number that is no part of a sentence.

    >>> looks_like_beats("0.5 1"), looks_like_beats("All the leaves are brown")
    (True, False)
    """
    rows = _rows(text[:JUDGED_CHARACTERS])
    numeric = 0
    for row in rows:
        fields = row.content.replace(";", " ").split()
        timed = all(_NUMERIC.fullmatch(field.strip(",")) for field in fields)
        numeric += timed or bool(_NUMBER.fullmatch(fields[0]))
    return bool(rows) and 2 * numeric >= len(rows)


def beats_from_text(text: str) -> tuple[list[float], list[float]]:
    """Times of the beats and of the downbeats, in seconds.

    Raises:
        AnnotationError: names the line and what was expected.
    """
    if text.count("\n") + text.count("\r") > 2 * MOST_LINES:
        raise AnnotationError(f"holds more than {MOST_LINES:,} lines, which no beats of one recording do")
    rows = _without_header(_rows(text))
    for row in rows:
        if len(row.content) > LONGEST_LINE:
            raise row.error(EXPECTED)
    if not rows:
        raise AnnotationError("holds no beats; expected one time in seconds per line")
    rows = _with_fields(rows)
    times = _times(rows)
    places = _places(rows, times)
    check_intervals(times)
    return times, [time for time, first in zip(times, places, strict=True) if first]


def check_intervals(times: Sequence[float]) -> None:
    """Raise where times, in order, are too near or too far apart to be the beats of music in seconds.

    Raises:
        AnnotationError: says how far apart they are.
    """
    if len(times) < 2:
        return
    typical = statistics.median(after - before for before, after in itertools.pairwise(times))
    if not SHORTEST_INTERVAL <= typical <= LONGEST_INTERVAL:
        raise AnnotationError(
            f"the beats are {typical:g} s apart; expected times in seconds, "
            "not in milliseconds, samples, frames or minutes"
        )


def _rows(text: str) -> list[_Row]:
    lines = re.split(r"\r\n|\r|\n", text)
    rows = (_Row(line, content.partition("#")[0].strip("\ufeff \t")) for line, content in enumerate(lines, start=1))
    return [row for row in rows if row.content]


def _without_header(rows: list[_Row]) -> list[_Row]:
    """The rows without a first one of words.

    Raises:
        AnnotationError: the words say that times are not in seconds.
    """
    if not rows or re.match(r"[-+.,\d]", rows[0].content, re.ASCII) or len(rows) == 1:
        return rows
    unit = re.search(
        r"(?<![a-z])(ms|msecs?|milli\w*|samples?|frames?|ticks?|minutes?)(?![a-z])", rows[0].content, re.IGNORECASE
    )
    if unit:
        raise rows[0].error(f"expected times in seconds, not in {unit.group(1)}")
    return rows[1:] if _NUMERIC.match(rows[1].content) else rows


def _with_fields(rows: list[_Row]) -> list[_Row]:
    """The rows, parted into fields whose decimal mark is a point.

    Raises:
        AnnotationError: a comma that may part two columns or be a decimal mark.
    """
    decimal = _has_decimal_commas(rows)
    parted = []
    for row in rows:
        content = _WITHIN.sub(lambda pair: pair.group().replace(",", "."), row.content) if decimal else row.content
        fields = tuple(re.split(r"[ \t]*[;,][ \t]*|[ \t]+", content.rstrip(";, \t")))
        parted.append(_Row(row.line, row.content, fields))
    return parted


def _has_decimal_commas(rows: list[_Row]) -> bool:
    """Whether commas within numbers are decimal marks: none is a point, and they cannot part columns."""
    within = [row for row in rows if _WITHIN.search(row.content)]
    if not within or any(re.search(r"\d\.|\.\d", row.content, re.ASCII) for row in rows):
        return False
    if all(re.search(r"[;\s]", row.content) for row in rows):  # something else parts the columns
        return True
    twice = next((row for row in within if re.search(r"\d,\d+,\d", row.content, re.ASCII)), None)
    if twice is None and any(re.search(r",(0\d|\d\d)", row.content, re.ASCII) for row in within):
        return True  # no beat has such a number
    row = twice or within[0]
    raise row.error("may be one number with a decimal comma or several numbers; expected 0.5, or 0.5 1")


def _times(rows: list[_Row]) -> list[float]:
    times: list[float] = []
    for row in rows:
        if not _NUMBER.fullmatch(row.fields[0]):
            raise row.error(EXPECTED)
        time = float(row.fields[0])
        if not 0 <= time < float("inf"):
            raise row.error(EXPECTED)
        if times and time <= times[-1]:
            raise AnnotationError(f"line {row.line}: {time:g} s does not come after {times[-1]:g} s")
        times.append(time)
    return times


def _places(rows: list[_Row], times: list[float]) -> list[bool]:
    """Which beats are downbeats."""
    columns = max(len(row.fields) for row in rows)
    if columns == 1:
        return [False] * len(rows)
    if _are_labels(rows, times):
        rows = [_Row(row.line, row.content, (row.fields[0], *row.fields[2:])) for row in rows]
        labels = {" ".join(row.fields[1:]) for row in rows}
        if len(labels) == 1 and not any(_NUMBER.fullmatch(label) for label in labels):
            return [False] * len(rows)
    for row in rows:
        if len(row.fields) > 2 or not all(_NUMBER.fullmatch(field) for field in row.fields):
            raise row.error(EXPECTED)
    given = [row for row in rows if len(row.fields) == 2]
    if all(float(row.fields[1]).is_integer() for row in given):
        _check_numbers(given)
        return [len(row.fields) == 2 and float(row.fields[1]) == 1 for row in rows]
    return _first_of_bars(rows)


def _are_labels(rows: list[_Row], times: list[float]) -> bool:
    """Whether the second column is where a label ends: at its start, or where the next one starts."""
    if not all(len(row.fields) >= 2 and _NUMBER.fullmatch(row.fields[1]) for row in rows):
        return False
    ends = [float(row.fields[1]) for row in rows]
    if all(abs(end - time) <= TOGETHER for end, time in zip(ends, times, strict=True)):
        return len(rows) > 1 or len(rows[0].fields) > 2
    follow = all(abs(end - time) <= TOGETHER for end, time in zip(ends, times[1:], strict=False))
    return len(rows) > 2 and all(len(row.fields) == 3 for row in rows) and follow


def _check_numbers(rows: list[_Row]) -> None:
    """Raise unless whole numbers can be those of beats in their bars."""
    numbers = [float(row.fields[1]) for row in rows]
    for row, number in zip(rows, numbers, strict=True):
        if not 0 <= number <= LARGEST_NUMBER:
            raise row.error(f"expected the beat's number in its bar, 1 to {LARGEST_NUMBER}")
    if 0 not in numbers:
        return
    alternate = all(before != after for before, after in itertools.pairwise(numbers))
    if max(numbers) > 1 or (alternate and len(numbers) > 1):  # marks of downbeats are 0 more often than not
        row = next(row for row in rows if float(row.fields[1]) == 0)
        raise row.error("expected the beat's number in its bar, which begins with 1")


def _first_of_bars(rows: list[_Row]) -> list[bool]:
    """Which beats are the first of their bar, where the second column is ``bar.beat`` and counts on as bars do."""
    first: list[bool] = []
    last: tuple[int, int] | None = None
    for row in rows:
        match = _BAR_BEAT.fullmatch(row.fields[1]) if len(row.fields) == 2 else None
        if match is None:
            raise row.error(EXPECTED)
        bar, beat = int(match[1][:9]), int(match[2][:9])
        if not 1 <= beat <= LARGEST_NUMBER or (
            last and (bar, beat) not in ((last[0], last[1] + 1), (last[0] + 1, 1))
        ):
            raise row.error(f"{row.fields[1]} is not the next bar.beat; {EXPECTED}")
        first.append(beat == 1)
        last = (bar, beat)
    return first
