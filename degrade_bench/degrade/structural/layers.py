"""The layers of a clip: what strikes and what rings, or one stem and all the rest.

Layers add up to the clip. Where a clip has stems they are used: they are its true parts. Elsewhere
harmonic–percussive separation makes two layers out of the mix (:mod:`degrade_bench.degrade.dsp.separation`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.clip.offset import without_offset
from degrade_bench.clip.stems import audible_stems, is_pitched, stems_digest, stems_of
from degrade_bench.degrade.dsp.separation import separated
from degrade_bench.errors import NotApplicableError, PlanError

FAINTEST_DB = -40.0
"""A layer that lies further under the other than this would be moved unheard."""

Layers: TypeAlias = "tuple[torch.Tensor, torch.Tensor]"


def drum_stems(clip: Clip) -> list[str]:
    """The clip's audible stems without pitch; empty where there are none, or nothing beside them."""
    if not clip.stems:
        return []
    audible = audible_stems(clip)
    drums = [name for name in audible if not is_pitched(name)]
    return drums if len(drums) < len(audible) else []


def drawn_stem(clip: Clip, rng: np.random.Generator, *, pitched: bool = False) -> str:
    """One of the clip's audible stems.

    Args:
        clip: a clip with stems.
        rng: of the choice.
        pitched: whether drums are left out of the choice.

    Raises:
        NotApplicableError: there is none, or nothing that it could be heard against.
    """
    names = sorted(audible_stems(clip))
    wanted = [name for name in names if is_pitched(name) or not pitched]
    if len(names) < 2 or not wanted:
        raise NotApplicableError(
            f"needs {'a pitched stem' if pitched else 'a stem'} and another one beside it; "
            f"audible are: {', '.join(names) or 'none'}"
        )
    return wanted[int(rng.integers(len(wanted)))]


def stem_params(clip: Clip, names: Sequence[str]) -> dict[str, Any]:
    """What a plan keeps of the stems that it moves: their names, and a digest of all of them."""
    return {"stems": list(names), "stems_digest": stems_digest(clip)}


def layers(clip: Clip, params: Mapping[str, Any]) -> Layers:
    """The stems that a plan names and the rest; where it names none, the percussive and the harmonic layer.

    Raises:
        PlanError: the clip's stems are not those that the plan was drawn for.
    """
    if not params["stems"]:
        harmonic, percussive = separated(clip)
        return percussive, harmonic
    if not clip.stems or stems_digest(clip) != params["stems_digest"]:
        raise PlanError(f"the plan was drawn for other stems than those of clip {clip.id!r}")
    stems = stems_of(clip)
    moved = torch.stack([stems[name] for name in params["stems"]]).sum(dim=0)
    return moved, clip.samples - moved


def turned(samples: torch.Tensor) -> torch.Tensor:
    """Every frequency's phase turned by a quarter of a period (a Hilbert transform); envelopes stay in time.

    For placebos. Separated layers that are put back as they were cancel each other's separation errors, as they do
    not when one of them was moved. With one of them turned, the errors add up by their powers, as those of layers
    that were moved do, and nothing has moved.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(samples.shape[1] + 1, real=True)
    spectrum = rfft(samples.numpy(), size, axis=1) * np.complex64(-1j)
    return torch.from_numpy(np.ascontiguousarray(irfft(spectrum, size, axis=1)[:, : samples.shape[1]]))


def check_both_sound(moved: torch.Tensor, rest: torch.Tensor, names: str) -> None:
    """Raise where one layer is next to nothing.

    Args:
        moved: ``(channels, time)``, the layer that the damage takes.
        rest: the same shape, everything else.
        names: what the layers are, for the message.

    Raises:
        NotApplicableError: says so.
    """
    powers = [float(without_offset(layer).double().square().sum()) for layer in (moved, rest)]
    if min(powers) <= max(powers) * 10 ** (FAINTEST_DB / 10):
        raise NotApplicableError(
            f"the clip has no two layers ({names}): one lies {-FAINTEST_DB:g} dB under the other"
        )
