"""Whether an error says that memory did not suffice, and how to give memory back."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import torch

OUT_OF_MEMORY = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "failed to allocate",
    "alloc_failed",
)
"""What allocators say, in small letters, where they raise no type of their own."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, says that memory did not suffice."""
    return any(
        isinstance(cause, MemoryError | torch.cuda.OutOfMemoryError)
        or getattr(cause, "out_of_memory", False) is True  # it was raised in another process
        or (isinstance(cause, RuntimeError) and any(words in str(cause).lower() for words in OUT_OF_MEMORY))
        for cause in _chain(error)
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in seen:
        seen.append(following)
        yield following
        following = following.__cause__ or following.__context__


def give_back_memory() -> None:
    """Let go of what nobody holds, on the device too."""
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()  # blocks that are free, but too small to be of use
