"""Remembering what was computed from an object, as long as the object lives.

Many cells of one clip need the same costly analysis (loudness, separation, masking), and a placebo that undoes its
degradation begins with the very pass that the degradation has just run.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

Owner = TypeVar("Owner")
Subject = TypeVar("Subject")
T = TypeVar("T")


def once_per_clip(function: Callable[[Subject], T]) -> Callable[[Subject], T]:
    """Remember what ``function`` gave for a clip as long as the clip lives.

    For costly analysis (loudness, chroma, separation) that many cells of one clip need.
    """
    known: weakref.WeakKeyDictionary[Subject, T] = weakref.WeakKeyDictionary()

    @wraps(function)
    def remembered(clip: Subject) -> T:
        if clip not in known:
            known[clip] = function(clip)
        return known[clip]

    return remembered


def last_remembered(
    method: Callable[[Owner, Subject, Mapping[str, Any]], T],
) -> Callable[[Owner, Subject, Mapping[str, Any]], T]:
    """Let a pure method of ``(clip, params)`` answer its last question again without computing.

    The answer must not be written to. It is kept per object, outside it, so that objects still cross processes.
    """
    last: weakref.WeakKeyDictionary[Any, tuple[weakref.ref[Any], str, T]] = weakref.WeakKeyDictionary()

    @wraps(method)
    def remembering(self: Owner, clip: Subject, params: Mapping[str, Any]) -> T:
        question = json.dumps(params, sort_keys=True)
        known = last.get(self)
        if known is not None and known[0]() is clip and known[1] == question:
            return known[2]
        answer = method(self, clip, params)
        last[self] = (weakref.ref(clip), question, answer)
        return answer

    return remembering
