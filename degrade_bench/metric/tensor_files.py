"""Files of weights, read as tensors and nothing else: no code in a file can run."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from degrade_bench._support.reading import open_regular
from degrade_bench.errors import MetricError

STATES = ("model_state", "state_dict")
"""Under what a trainer's checkpoint keeps the weights, beside its own state."""


def read_tensors(path: Path, metric: str) -> dict[str, torch.Tensor]:
    """The tensors of a file by name: of ``.safetensors``, or of what ``torch.save`` wrote.

    Of a trainer's checkpoint, which holds them beside other things, only these are taken.

    Args:
        path: the file.
        metric: whose weights they are, for messages.

    Raises:
        MetricError: a pickle that holds code, a file cut off, or anything but tensors by name.
    """
    state = _safetensors(path, metric) if path.suffix == ".safetensors" else _saved(path, metric)
    for name in STATES:
        if isinstance(state, dict) and isinstance(state.get(name), dict):
            state = state[name]
            break
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise MetricError(f"{metric}: {path} is not a state dictionary: expected tensors by name")
    return state


def _safetensors(path: Path, metric: str) -> Any:
    from safetensors.torch import load_file

    try:
        open_regular(path).close()
        return load_file(path)
    except Exception as error:  # the library has an error of its own beside Python's
        raise _unreadable(path, metric, error) from error


def _saved(path: Path, metric: str) -> Any:
    try:
        with open_regular(path) as file:
            zipped = file.read(4) == b"PK\x03\x04"  # the format since torch 1.6; only it can be mapped
        with warnings.catch_warnings(), _numbers_allowed():
            warnings.simplefilter("ignore")  # of a pickle protocol that a damaged file seems to have
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped or None)
    except pickle.UnpicklingError as error:
        first = " ".join(str(error).split())[:160]
        raise MetricError(
            f"{metric}: {path} is refused: it is no plain file of tensors, and loading it could run code ({first})"
        ) from error
    except Exception as error:  # of a damaged file: IndexError, struct.error, AssertionError, TypeError and others
        raise _unreadable(path, metric, error) from error


def _unreadable(path: Path, metric: str, error: Exception) -> MetricError:
    first = " ".join(str(error).split())[:160]
    return MetricError(f"{metric}: {path} cannot be read (cut off?): {first}")


def _numbers_allowed() -> AbstractContextManager[None]:
    """Allow single numbers of numpy's beside the tensors: a trainer's checkpoint may hold its best score as one."""
    allow = getattr(torch.serialization, "safe_globals", None)  # since torch 2.5
    return nullcontext() if allow is None else allow(_numbers())


def _numbers() -> Sequence[Any]:
    import numpy as np

    scalar = np.float64(0).__reduce__()[0]
    places = [(scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]
    return [*places, np.dtype, np.dtypes.Float64DType, np.dtypes.Float32DType, np.dtypes.Int64DType]


class Fitted:
    """Weights that a network takes, all of them, and nothing beside them but what is known to be of no use.

    Args:
        state: tensors by name.
        path: their file, for messages.
        metric: whose they are, for messages.
    """

    def __init__(self, state: dict[str, torch.Tensor], path: Path, metric: str) -> None:
        self.state, self.path, self.metric = state, path, metric

    def into(self, network: torch.nn.Module, unused: Sequence[str] = ()) -> None:
        """Give them to a network, which is ready to be asked afterwards.

        Args:
            network: takes them.
            unused: what the names of weights begin with that may be there and are not taken.

        Raises:
            MetricError: one is missing, has another shape, or is not known.
        """
        expected = network.state_dict()
        given = {name: value for name, value in self.state.items() if not name.startswith(tuple(unused))}
        strangers, missing = sorted(set(given) - set(expected)), sorted(set(expected) - set(given))
        if missing:
            raise self._wrong(f"lacks {_some(missing)}")
        if strangers:
            raise self._wrong(f"has unexpected {_some(strangers)}")
        for name, value in expected.items():
            if given[name].shape != value.shape:
                shapes = f"{name} {tuple(given[name].shape)} instead of {tuple(value.shape)}"
                raise self._wrong(f"has wrong shapes: {shapes}")
        network.load_state_dict(given)
        network.eval().requires_grad_(False)

    def _wrong(self, what: str) -> MetricError:
        return MetricError(f"{self.metric}: {self.path} {what}")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"
