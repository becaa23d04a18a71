"""Remembering what was computed last.

A placebo that undoes its degradation begins with the very pass that the degradation has just run. Cells of one
level follow one another, so remembering a single result spares a third of all stretching.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from degrade_bench.clip import Clip

Owner = TypeVar("Owner")
T = TypeVar("T")


def last_remembered(
    method: Callable[[Owner, Clip, Mapping[str, Any]], T],
) -> Callable[[Owner, Clip, Mapping[str, Any]], T]:
    """Let a pure method of ``(clip, params)`` answer its last question again without computing.

    The answer must not be written to. It is kept per object, outside it, so that objects still cross processes.
    """
    last: weakref.WeakKeyDictionary[Any, tuple[weakref.ref[Clip], str, T]] = weakref.WeakKeyDictionary()

    @wraps(method)
    def remembering(self: Owner, clip: Clip, params: Mapping[str, Any]) -> T:
        question = json.dumps(params, sort_keys=True)
        known = last.get(self)
        if known is not None and known[0]() is clip and known[1] == question:
            return known[2]
        answer = method(self, clip, params)
        last[self] = (weakref.ref(clip), question, answer)
        return answer

    return remembering
