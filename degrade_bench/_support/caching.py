"""Remembering what a costly pure function answered, as long as what it was asked about lives.

Many cells of one clip need the same analysis (loudness, separation, masking), the levels of a ladder share one
noise, and a placebo that undoes its degradation begins with the very pass that the degradation has just run.

What depends on plain numbers and names only (a filter for a sample rate) is no matter of this module:
:func:`functools.lru_cache` does that.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

_kept: dict[int, weakref.WeakKeyDictionary[Any, Any]] = {}
"""The answers of every function that keeps any; all of them are looked at after every block of cells."""

Owner = TypeVar("Owner")
P = ParamSpec("P")
T = TypeVar("T")

PLAIN = (Mapping, list, tuple, str, int, float, type(None))
"""Arguments that are compared by what they hold; all others are compared by identity."""


def remembered(
    *, owners: Literal["all", "last"] = "all"
) -> Callable[[Callable[Concatenate[Owner, P], T]], Callable[Concatenate[Owner, P], T]]:
    """Let a pure function, or a pure method, give its last answer again without computing it.

    The contract:

    - *Key.* The owner is the first argument: a clip, or the object whose method it is. It and other objects (a clip
      that a method is asked about) are told apart by identity, params and other plain values by what they hold.
    - *How much.* One answer per owner, the last one. With ``owners="last"`` one answer in all, for what is too
      large to keep for several clips.
    - *How long.* Until the owner is asked something else, or dies, or :func:`forget` is called: owners and other
      objects are held weakly. An answer that refers to its owner would keep it alive, so it must not.
    - *Read-only.* Everyone who asks gets the same object. It must not be written to, unless it is a mapping that is
      filled as it is asked: then a value must follow from the owner and its key alone.
    - *Errors* are not remembered.
    - *Processes.* Answers live outside their owners, which therefore pickle as before. A spawned process begins
      with none.
    - *Threads* may ask at once. Then each may compute the answer; all of them are right, and one stays.

    Args:
        owners: whose answers are kept: those of all owners that live, or only the one's that was asked last.

    Example:
        >>> class Sound:
        ...     samples = [1.0, -3.0, 2.0]
        >>> @remembered()
        ... def peak(sound):
        ...     print("computing")
        ...     return max(abs(sample) for sample in sound.samples)
        >>> sound = Sound()
        >>> peak(sound), peak(sound)
        computing
        (3.0, 3.0)
    """

    def decorate(function: Callable[Concatenate[Owner, P], T]) -> Callable[Concatenate[Owner, P], T]:
        answers: weakref.WeakKeyDictionary[Any, tuple[tuple[Any, ...], T]] = weakref.WeakKeyDictionary()

        @wraps(function)
        def remembering(owner: Owner, /, *args: P.args, **kwargs: P.kwargs) -> T:
            question = (*map(_told, args), *((name, _told(value)) for name, value in kwargs.items()))
            last = answers.get(owner)
            if last is not None and last[0] == question:
                return last[1]
            answer = function(owner, *args, **kwargs)
            if owners == "last":
                answers.clear()
            answers[owner] = (question, answer)
            _kept[id(answers)] = answers
            return answer

        return remembering

    return decorate


def forget(kept: Callable[[Any], bool]) -> None:
    """Let go of all answers but those of owners that are kept: they may be large, and owners live long.

    Args:
        kept: whether an owner's answers stay.
    """
    for key, answers in list(_kept.items()):
        _kept.pop(key, None)
        for owner in list(answers):
            if kept(owner):
                _kept[key] = answers
            else:
                answers.pop(owner, None)


def _told(argument: Any) -> Any:
    """What tells an argument from others, without keeping it alive."""
    return json.dumps(argument, sort_keys=True) if isinstance(argument, PLAIN) else weakref.ref(argument)
