"""A GPU for heavy maths on signals, and the copies of signals that lie on it.

Workers may be given a device for filters, convolutions, short-time spectra and the panel's features. Code that
can run there asks for a signal's copy by :func:`on_device`, computes with torch as it would on the processor, and
brings the result back by :func:`on_processor`. Where no device is at work both give back what they are given, so
that the same lines run on the processor.

A signal that was made on the device keeps its copy there as long as the signal lives: what hears it next does not
send it again. What is decided about a signal (a plan, which cells of a spectrum are emptied) is decided on the
processor, always, so that plans are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch

_device: torch.device | None = None


@cache
def _copies() -> Any:
    """By signal on the processor: its copy on the device, and how often the signal had been written to by then."""
    from torch.utils.weak import WeakIdKeyDictionary

    return WeakIdKeyDictionary()


@contextmanager
def working_on(device: str) -> Iterator[None]:
    """Have signals worked on a device until the block ends.

    Args:
        device: ``cuda:N``; ``cpu`` for the processor; ``cpu:0`` for the processor in the place of a device, so that
            a device's lines can be tried without one.
    """
    global _device
    if device == "cpu":
        yield
        return
    before, _device = _device, torch.device(device)
    try:
        yield
    finally:
        _device = before


def device_at_work() -> torch.device | None:
    """The device; None for the processor."""
    return _device


def on_device(samples: torch.Tensor) -> torch.Tensor:
    """A signal on the device that is at work: the copy that lies there, or a new one; never to be written to.

    Args:
        samples: of any shape; itself where no device is at work, or where it lies there.
    """
    if _device is None or samples.device.type != "cpu":
        return samples
    copy = _copy_of(samples)
    if copy is None:
        copy = samples.to(_device)
        _copies()[samples] = copy, samples._version
    return copy


def on_processor(samples: torch.Tensor) -> torch.Tensor:
    """A result on the processor, whose copy stays on the device as long as it lives."""
    if samples.device.type == "cpu":
        return samples
    result = samples.cpu()
    _copies()[result] = samples, result._version
    return result


def scaled(samples: torch.Tensor, factor: float) -> torch.Tensor:
    """A signal times a number, and its copy on the device as well, where there is one; the same to the bit.

    Args:
        samples: on the processor.
        factor: what it is multiplied by.
    """
    result = samples * factor
    copy = None if _device is None else _copy_of(samples)
    if copy is not None:
        _copies()[result] = copy * factor, result._version
    return result


def _copy_of(samples: torch.Tensor) -> torch.Tensor | None:
    """The copy of a signal, or the part of a copy that a view of a signal is; None where there is none."""
    kept = _copies().get(samples)
    if kept is not None:
        return _if_current(samples, kept)
    whole = samples._base
    kept = None if whole is None else _copies().get(whole)
    copy = None if whole is None or kept is None else _if_current(whole, kept)
    if whole is None or copy is None or copy.stride() != whole.stride():
        return None
    place = samples.storage_offset() - whole.storage_offset() + copy.storage_offset()
    return copy.as_strided(samples.shape, samples.stride(), place)


def _if_current(samples: torch.Tensor, kept: tuple[torch.Tensor, int]) -> torch.Tensor | None:
    copy, written = kept
    return copy if copy.device == _device and samples._version == written else None
