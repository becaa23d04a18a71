"""Any metric of VERSA that scores a signal, alone or beside its reference, through VERSA's Python interface.

A metric is made by VERSA's registry and factory and asked as its own scorer asks it: by the first channel in
float64, at the clip's rate, with the rate beside it. What it makes of that, and which weights it loads, is its own
affair.

Source: ``definition.py``, ``scorer_shared.py`` and ``utils_shared.py`` of https://github.com/wavlab-speech/versa at
commit c398480a4f3c; Shi et al., "VERSA: a versatile evaluation toolkit for speech, audio, and music", NAACL 2025
(arXiv 2412.17667).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import torch

from degrade_bench._support.guard import guarded
from degrade_bench._support.numbers import fixed
from degrade_bench._support.texts import said
from degrade_bench._support.yaml_lines import LinedYaml
from degrade_bench.degrade.plugins.global_state import seeded_globals
from degrade_bench.errors import ConfigError, MetricError, NotApplicableError, UnknownNameError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.devices import checked_device

SEED = 0
INSTALL = "pip install 'versa-speech-audio-toolkit @ git+https://github.com/wavlab-speech/versa' (not `versa`)"
DISTRIBUTION = "versa-speech-audio-toolkit"
OF_A_SET = "distributional"
"""VERSA's word for metrics that compare sets of clips."""


class Versa(Metric):
    """One number that one of VERSA's metrics gives.

    Args:
        metric: its name in VERSA's registry, such as ``singmos`` or ``pesq``.
        output: which of its numbers, by the key in VERSA's report; needed where it gives several.
        config: a YAML file in VERSA's own form, whose entry of that name sets what the metric takes.
        higher_is_better: VERSA does not say which way a metric points.
        device: ``cpu`` or ``cuda:N``; VERSA is told only whether to use a GPU.

    Raises:
        ConfigError: no metric is named, or the file has no entry of that name.
        UnknownNameError: VERSA has no such metric here: the packages that it needs may be missing.
        MetricError: VERSA is not installed, or the metric cannot be made, needs a text, or compares sets.
    """

    name = "versa"
    summary = "any metric of the toolkit VERSA, by --set versa.metric=NAME; most are made for speech"
    source = "arXiv 2412.17667, through versa"
    signals_at_once = 1
    accounts_for = ("metric", "output", "config")

    def __init__(
        self,
        metric: str | None = None,
        output: str | None = None,
        config: str | Path | None = None,
        higher_is_better: bool = True,
        device: str = "cpu",
    ) -> None:
        on = checked_device(device, self.name)
        if reason := self.unavailable({}):
            raise MetricError(f"versa is not available: {reason}")
        if metric is None:
            raise ConfigError("versa: which of its metrics? give --set versa.metric=NAME, such as singmos")
        self.higher_is_better, self.output = higher_is_better, output
        self.asked, self.settings = metric, {} if config is None else _entry(Path(config), metric)
        self._made, described = _made(metric, {**self.settings, "use_gpu": on.type == "cuda"})
        self.needs_reference = bool(described.requires_reference)
        self.summary = f"VERSA's {metric}: {' '.join(str(described.description).split())[:120]}"

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """That VERSA is not installed, and what to do; None if it is. Nothing is imported."""
        return None if _folder() else f"VERSA is not installed; {INSTALL}"

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """Score ``(batch, channels, time)`` one by one; NaN for a signal that is not finite.

        Raises:
            NotApplicableError: the signals are shorter than VERSA lets the metric have them.
            MetricError: the metric gives several numbers and none was chosen, or no number.
        """
        with _quiet():
            from versa.utils_shared import check_minimum_length

            long_enough = check_minimum_length(batch.shape[2] / sample_rate, [self.asked])
        if not long_enough:
            seconds = batch.shape[2] / sample_rate
            raise NotApplicableError(f"versa: {self.asked} cannot hear {fixed(seconds, 4)} s")
        sides = [batch] if reference is None else [batch, reference]
        scores = []
        for signals in zip(*(side[:, 0].double().cpu().numpy() for side in sides), strict=True):
            finite = all(np.isfinite(signal).all() for signal in signals)
            scores.append(
                self._one([np.ascontiguousarray(s) for s in signals], sample_rate) if finite else math.nan
            )
        return torch.tensor(scores, dtype=torch.float64)

    def _one(self, signals: Sequence[np.ndarray], sample_rate: int) -> float:
        beside = {
            "key": "clip",
            "sample_rate": sample_rate,
            "text": None,
            "general_cache": {"whisper_hyp_text": None},
        }
        with _quiet():
            given = self._made.compute(*map(np.array, signals), metadata=beside)  # copies: it may write to them
        numbers = _numbers(given, self.asked)
        if self.output is None and len(numbers) == 1:
            return next(iter(numbers.values()))
        if self.output not in numbers:
            keys = ", ".join(sorted(numbers)) or "no number"
            raise MetricError(f"versa: {self.asked} gives {keys}; choose one by --set versa.output=KEY")
        return numbers[self.output]

    def fingerprint_parts(self) -> dict[str, Any]:
        """The metric, its settings, and VERSA's own files. Weights that VERSA loads are not known here."""
        return {
            **super().fingerprint_parts(),
            "versa_metric": self.asked,
            "versa_output": self.output,
            "versa_settings": sorted(self.settings.items(), key=str),
            **_package_parts(),
        }


def _folder() -> Path | None:
    """Where VERSA's package is; another project has the same name, and is not meant."""
    spec = importlib.util.find_spec("versa")
    places = map(Path, (spec.submodule_search_locations or ()) if spec else ())
    return next((place for place in places if (place / "scorer_shared.py").is_file()), None)


def _package_parts() -> dict[str, str]:
    folder = _folder()
    assert folder is not None
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    parts = {"package_sha256": digest.hexdigest()[:16]}
    with suppress(importlib.metadata.PackageNotFoundError):  # from a clone that is only on the path
        parts["package"] = f"{DISTRIBUTION} {importlib.metadata.version(DISTRIBUTION)}"
    return parts


def _made(name: str, settings: Mapping[str, Any]) -> tuple[Any, Any]:
    """One of VERSA's metrics, and what VERSA says of it.

    Raises:
        UnknownNameError: there is none of that name.
        MetricError: it cannot be made, or asked for one clip.
    """
    try:
        with _quiet():
            from versa.scorer_shared import VersaScorer

            scorer = VersaScorer()
            described = scorer.registry.get_metadata(name)
            known = scorer.registry.list_metrics()
    except Exception as error:  # whatever a package that VERSA imports raises
        raise MetricError(f"versa: VERSA cannot be imported: {said(error)}") from error
    if described is None:
        raise UnknownNameError("metric of VERSA", name, known)
    if described.requires_text:
        raise MetricError(f"versa: {name} compares with a text, and clips have none")
    if described.category.value == OF_A_SET:
        raise MetricError(f"versa: {name} compares sets of clips, and a metric hears one")
    try:
        with _quiet():
            return scorer.factory.create_metric(name, {"name": name, **settings}), described
    except Exception as error:  # a package or weights that are missing, in its own words
        raise MetricError(f"versa: {name} cannot be made: {said(error)}") from error


def _numbers(given: Any, name: str) -> dict[str, float]:
    """What a metric gave as numbers by their keys in VERSA's report."""
    report = given if isinstance(given, Mapping) else {name: given}
    numbers = {str(key): _number(value) for key, value in report.items()}
    return {key: number for key, number in numbers.items() if number is not None}


def _number(value: Any) -> float | None:
    array = np.asarray(value.detach().cpu() if isinstance(value, torch.Tensor) else value)
    return float(array.item()) if array.size == 1 and array.dtype.kind in "fiu" else None


def _entry(path: Path, name: str) -> dict[str, Any]:
    """The settings of one metric in a file of VERSA's form: a list of mappings with a ``name``.

    Raises:
        ConfigError: it cannot be read, or has no such entry.
    """
    try:
        loaded = LinedYaml(path).data
    except (ConfigError, ValueError) as error:
        raise ConfigError(f"--set versa.config={path}: {' '.join(str(error).split())[:200]}") from error
    entries = [one for one in loaded if isinstance(one, dict)] if isinstance(loaded, list) else []
    found = next((one for one in entries if one.get("name") == name), None)
    if found is None:
        raise ConfigError(f"--set versa.config={path}: it has no entry with `name: {name}`")
    return {str(key): value for key, value in found.items() if key != "name"}


@contextmanager
def _quiet() -> Iterator[None]:
    """Let VERSA compute: always with the same draws, what it prints is not shown, and what it sets is put back."""
    before = os.environ.get("NUMBA_CACHE_DIR")
    os.environ["NUMBA_CACHE_DIR"] = before or ""  # else VERSA makes a folder in the current one
    try:
        with (
            guarded("VERSA"),
            seeded_globals(SEED),
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
        ):
            torch.manual_seed(SEED)
            yield
    finally:
        if before is None:
            os.environ.pop("NUMBA_CACHE_DIR", None)
