"""MuQ-Eval A1 and A3a as metrics.

Sources: MuQ-Eval, arXiv 2603.22677; MuQ, arXiv 2501.01108.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args
from weakref import WeakValueDictionary

import torch

from degrade_bench._support.files import sha256_of
from degrade_bench.errors import MetricError
from degrade_bench.metric.devices import checked_device
from degrade_bench.metric.muq_eval import checkpoint as files
from degrade_bench.metric.muq_eval import hub
from degrade_bench.metric.muq_eval.architecture import Architecture
from degrade_bench.metric.muq_eval.contract import SAMPLE_RATE, WINDOW_SECONDS, Windows
from degrade_bench.metric.muq_eval.device import fuses
from degrade_bench.metric.muq_eval.listener import MENDED, Embeddings, Listener
from degrade_bench.metric.prepared import Finish, Prepared, PreparedMetric
from degrade_bench.metric.settings import check_choice

if TYPE_CHECKING:
    from degrade_bench.metric.muq_eval.network import Network

Dtype = Literal["float32", "tf32", "mixed", "bfloat16"]
Backend = Literal["fast", "reference"]

_listeners: WeakValueDictionary[str, Listener] = WeakValueDictionary()
"""Networks that are loaded, by everything that they depend on: two metrics on one network share its passes."""


class MuQEval(PreparedMetric):
    """Predicted musical impression, nominally 1 to 5, of the middle ten seconds.

    Args:
        checkpoint: a folder with ``model_state_dict.pt``; by default the hub's, fetched if need be.
        encoder: a folder with the encoder's ``config.json``; likewise.
        revision: the checkpoint's revision on the hub: a commit, a tag or a branch; by default the pinned one.
            What a branch stood for is recorded.
        encoder_revision: the encoder's.
        device: ``cpu`` or ``cuda:N``.
        dtype: of the encoder's products: ``float32``; ``tf32``, on a GPU, which keeps ten bits of a float32 factor;
            ``mixed``, on a CPU, which is bfloat16 in the feed-forward parts of the last half of the layers and
            float32 elsewhere; or ``bfloat16``.
        backend: ``fast``, or ``reference`` for the forward pass of the package ``muq``.
        hop_seconds: None for the paper's one window in the middle. Else the whole clip is scored in windows of ten
            seconds, one every so many seconds, and its score is their mean.
        lora_alpha: for A3a, where no ``config.yaml`` beside the weights says it.

    Raises:
        ConfigError: a ``dtype`` or ``backend`` that there is not.
        MetricError: the files cannot be had or are not what they should be, or a number is not above 0.
    """

    name = "muq-eval"
    summary = "MuQ-Eval A1: predicted musical impression (MI), learned from listeners' ratings"
    source = "arXiv 2603.22677"
    version = "3"
    sample_rate = SAMPLE_RATE
    window_seconds: float | None = WINDOW_SECONDS
    crops = True
    higher_is_better = True
    score_range = (1.0, 5.0)
    accounts_for = (
        "checkpoint",
        "encoder",
        "revision",
        "encoder_revision",
        "dtype",
        "backend",
        "hop_seconds",
        "lora_alpha",
    )
    variant: ClassVar[str] = "a1"

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        encoder: str | Path | None = None,
        revision: str | None = None,
        encoder_revision: str | None = None,
        device: str = "cpu",
        dtype: Dtype = "float32",
        backend: Backend = "fast",
        hop_seconds: float | None = None,
        lora_alpha: float | None = None,
    ) -> None:
        check_choice(self.name, "dtype", dtype, get_args(Dtype))
        check_choice(self.name, "backend", backend, get_args(Backend))
        if backend == "reference" and dtype != "float32":
            raise MetricError("muq-eval: the reference backend runs in float32 only")
        if hop_seconds is not None:
            self.hop_seconds = _positive("hop_seconds", hop_seconds)
            self.window_seconds = None
        on = checked_device(device, self.name)
        if dtype == "tf32" and on.type != "cuda":
            raise MetricError(f"muq-eval: dtype tf32 is for CUDA devices; on {on} use float32 or bfloat16")
        if dtype == "mixed" and on.type != "cpu":
            raise MetricError(f"muq-eval: dtype mixed is for CPUs; on {on} use float32, tf32 or bfloat16")
        located = hub.fetched_files(self.variant, checkpoint, encoder, revision, encoder_revision)
        config = files.read_encoder_config(located.encoder)
        architecture = Architecture.from_config(config, located.encoder)
        self._parts: dict[str, Any] = {
            "variant": self.variant,
            "checkpoint_sha256": sha256_of(located.checkpoint),
            "checkpoint_revision": located.revisions[0],
            "encoder_config_sha256": hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest(),
            "encoder_revision": located.revisions[1],
            "dtype": dtype,
            "backend": backend,
        }
        alpha = None
        if self.variant != "a1":
            alpha = files.lora_alpha(located.configs) if lora_alpha is None else _positive("lora_alpha", lora_alpha)
            self._parts["lora_alpha"] = alpha
        exact_layers = architecture.exact_layers_of_mixed if dtype == "mixed" else 0
        if exact_layers:
            self._parts["exact_layers"] = exact_layers

        def make(type_: torch.dtype) -> Network:
            # classes of torch's: only here, so that a listing can do without torch
            from degrade_bench.metric.muq_eval.encoder import Encoder
            from degrade_bench.metric.muq_eval.layers import Blueprint
            from degrade_bench.metric.muq_eval.network import Network
            from degrade_bench.metric.muq_eval.packed import own_memory, packing_pays

            packed = backend == "fast" and on.type == "cpu" and packing_pays()
            weights = self._weights(located, alpha)
            made: torch.nn.Module
            if backend == "reference":
                from degrade_bench.metric.muq_eval.reference import ReferenceEncoder

                made = ReferenceEncoder(config, weights.state, located.checkpoint)
                weights.encoder_is_checked()
            else:
                made = Encoder(
                    Blueprint(
                        architecture,
                        weights.encoder,
                        dtype=torch.float32 if dtype == "mixed" else type_,
                        on_gpu=on.type == "cuda",
                        tf32=dtype == "tf32",
                        fused=fuses(on),
                        feed_forward=type_,
                        exact_layers=exact_layers,
                        packed=packed,
                    )
                )
            network = Network(made, weights, architecture.dim, ordinal=self.variant != "a1")
            weights.refuse_others()
            if packed:
                own_memory(network)
            return network

        depends = json.dumps({**self._parts, "device": str(on)}, sort_keys=True)
        listener = _listeners.get(depends)
        if listener is None:
            type_ = torch.bfloat16 if dtype in ("mixed", "bfloat16") else torch.float32
            listener = Listener(make, on, type_, records=backend == "fast")
            _listeners[depends] = listener
        self.listener = listener
        self.architecture = architecture
        self._recomputed_before = listener.recomputed

    def _weights(self, located: hub.Files, alpha: float | None) -> files.StrictWeights:
        state: files.State = files.read_state(located.checkpoint)
        if files.has_lora(state) != (alpha is not None):
            other = "A3a's, with LoRA: use muq-eval-a3a" if alpha is None else "without LoRA: use muq-eval for A1's"
            raise MetricError(f"muq-eval: {located.checkpoint} holds weights {other}")
        if alpha is not None:
            state = files.folded(state, alpha, located.checkpoint)
        return files.StrictWeights(state, located.checkpoint)

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """Why the weights are not on this machine, and what to do; None if they are. No network."""
        located = hub.local_files(
            cls.variant,
            settings.get("checkpoint"),
            settings.get("encoder"),
            settings.get("revision"),
            settings.get("encoder_revision"),
        )
        if isinstance(located, hub.Files):
            return None
        ask = f"ask for it with --metric {cls.name}, which fetches {hub.DOWNLOAD}"
        return f"no weights: {located}; {ask}, or {hub.how_to(cls.variant)}"

    @property
    def preparation(self) -> Windows:
        """Mono, 24 kHz, and the windows: what MuQ-Eval does to audio before its encoder hears it."""
        return Windows(self.hop_seconds)

    @property
    def windows_at_once(self) -> int:
        """So many windows make a batch on its device."""
        return self.listener.windows_at_once

    @property
    def gathers(self) -> bool:
        """On a GPU all batches have one shape, and a window's score the same bits in any of them."""
        return self.listener.device.type == "cuda"

    def begin(self, signals: Sequence[Prepared]) -> Finish:
        """Begin to score prepared signals; on a GPU, do not wait for it.

        Raises:
            MetricError: memory does not hold one window.
        """
        return self.listener.begin(signals)

    def at_most(self, windows: int) -> None:
        """Let a batch on a GPU have no more windows than that; on a CPU four are few enough."""
        if self.gathers:
            self.listener.at_most(windows)

    def forget(self) -> None:
        """Compute anew whatever is asked next, also what was asked before."""
        self.listener.remembered.clear()

    def embed(self, batch: torch.Tensor, sample_rate: int) -> Embeddings:
        """What the encoder makes of ``(batch, channels, time)``: frames, and their attention-pooled mean.

        Audio that was scored or embedded just before, by this metric or another on the same network, costs no
        second pass.
        """
        return self.listener.embed(self.prepared(batch, sample_rate))

    def counts(self) -> dict[str, int]:
        """How often bfloat16 gave something that is no number, and float32 was asked again."""
        return {MENDED: self.listener.recomputed - self._recomputed_before}

    def fingerprint_parts(self) -> dict[str, Any]:
        """Weights, configuration, type, code path and windows, beside the contract's version."""
        return {**super().fingerprint_parts(), **self._parts, "hop_seconds": self.hop_seconds}


class MuQEvalA3a(MuQEval):
    """MuQ-Eval A3a: the encoder adapted by LoRA, and the expectation of an ordinal head as the score."""

    name = "muq-eval-a3a"
    summary = "MuQ-Eval A3a: the same impression from an encoder adapted by LoRA and an ordinal head"
    variant = "a3a"


def _positive(name: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise MetricError(f"muq-eval: {name} {value!r}: expected a number above 0")
    return float(value)
