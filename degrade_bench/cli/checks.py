"""The checks of ``degrade-bench doctor``: each looks at one thing and says what it found."""

from __future__ import annotations

import importlib
import os
import platform
import shlex
import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from degrade_bench._support.numbers import fixed, gigabytes

OK, MISSING, NOTE = "ok", "missing", "note"

# without --upgrade two releases that are both within the bounds would stay
TORCH_PAIR = "pip install --upgrade 'torch>=2.4,<2.12' 'torchaudio>=2.4,<2.12'"
MUQ_EVAL = ("muq-eval", "muq-eval-a3a")
BY_EXTRA = ("basic-pitch", "zimtohrli", "visqol", "haaqi")
"""Metrics that have an extra of their name."""
FETCHED = ("clap", "mert", "songeval-musicality", "audiobox-pq", "versa")
"""Metrics whose weights, or more, do not come with an extra; of several marks of one network one."""
WEIGHT_BYTES = 1_340_000_000


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        name: what was looked at.
        state: ``ok``; ``missing`` where something cannot be done; ``note`` where it can and is worth knowing.
        text: what was found, in one line.
        mend: the command that mends it.
        needed_for: ``run`` where the main job cannot do without, and the metrics that cannot.
    """

    name: str
    state: str
    text: str
    mend: str | None = None
    needed_for: tuple[str, ...] = ()


Check = Callable[[], Finding]


def package() -> Finding:
    """Python and this package."""
    from degrade_bench._version import __version__

    system = f"{platform.system()} {platform.machine()}"
    text = f"degrade-bench {__version__}, Python {platform.python_version()}, {system}"
    if sys.version_info < (3, 10) or sys.version_info >= (3, 13):
        return Finding("package", NOTE, text + "; Python 3.10 to 3.12 is what it is tested with")
    return Finding("package", OK, text)


def dependencies() -> Finding:
    """What the package requires, installed and within its bounds; torch and torchaudio have checks of their own."""
    from packaging.requirements import Requirement

    requirements = [Requirement(text) for text in requires("degrade-bench") or ()]
    required = [one for one in requirements if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = {}
    for requirement in required:
        name, installed = requirement.name, _version(requirement.name)
        if name in ("torch", "torchaudio"):
            continue
        if installed is None:
            wrong[str(requirement)] = f"{name} not installed"
        elif not requirement.specifier.contains(installed, prereleases=True):
            wrong[str(requirement)] = f"{name} {installed} is not {requirement.specifier}"
    if wrong:
        mend = f"pip install {' '.join(shlex.quote(requirement) for requirement in wrong)}"
        return Finding("dependencies", MISSING, "; ".join(wrong.values()), mend, ("run",))
    return Finding("dependencies", OK, f"all {len(required)} installed, within their bounds")


def torch_itself() -> Finding:
    """Everything needs it."""
    installed = _version("torch")
    if installed is None:
        return Finding("torch", MISSING, "torch not installed", TORCH_PAIR, ("run",))
    reason = _cannot_import("torch")
    if reason:
        return Finding("torch", MISSING, f"{installed} cannot be imported ({reason})", TORCH_PAIR, ("run",))
    return Finding("torch", OK, installed)


def torchaudio() -> Finding:
    """Learned metrics resample with it; it must be of torch's release."""
    installed, beside, needed_for = _version("torchaudio"), _version("torch"), (*MUQ_EVAL, "dnsmos")
    if installed is None:
        return Finding("torchaudio", MISSING, "torchaudio not installed", TORCH_PAIR, needed_for)
    reason = _cannot_import("torchaudio")
    if reason:
        text = f"{installed} beside torch {beside} cannot be imported ({reason})"
        return Finding("torchaudio", MISSING, text, TORCH_PAIR, needed_for)
    if installed.split(".")[:2] != str(beside).split(".")[:2]:
        return Finding("torchaudio", NOTE, f"{installed} beside torch {beside}: two releases", TORCH_PAIR)
    return Finding("torchaudio", OK, installed)


def _cannot_import(module: str) -> str | None:
    try:
        importlib.import_module(module)
    except Exception as error:  # a pair that does not match raises OSError, or what the loader likes
        return " ".join(str(error).split())[:120]
    return None


BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")
"""What Linux calls instructions for bfloat16; the last on ARM."""


def processor() -> Finding:
    """Cores, and whether they have instructions for bfloat16."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    flags = _processor_flags()
    if flags is None:
        return Finding("processor", OK, f"{cores} cores; whether bfloat16 is done in hardware is not known here")
    instructions = [flag for flag in BFLOAT16_FLAGS if flag in flags]
    half = (
        f"bfloat16 in hardware ({', '.join(instructions)})"
        if instructions
        else "bfloat16 not in hardware: leave dtype at float32"
    )
    return Finding("processor", OK, f"{cores} cores, {half}")


def _processor_flags(path: Path = Path("/proc/cpuinfo")) -> set[str] | None:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    named = [line.partition(":") for line in lines if line.split(":")[0].strip() in ("flags", "Features")]
    return set(named[0][2].split()) if named else None


def cuda() -> Finding:
    """GPUs that torch can use."""
    import torch

    with warnings.catch_warnings(record=True) as warned:  # of a driver that is too old
        warnings.simplefilter("always")
        there = torch.cuda.is_available()
    if not there:
        built = torch.version.cuda
        why = (
            f"torch is built for CUDA {built} and finds no device" if built else "this torch is built without CUDA"
        )
        if warned:
            why += f": {' '.join(str(warned[0].message).split())[:160]}"
        text = f"none ({why}); MuQ-Eval runs on the CPU, and a run says before it starts how long it will take"
        mend = f"{TORCH_PAIR} --force-reinstall" if not built and shutil.which("nvidia-smi") else None
        return Finding("CUDA", NOTE, text, mend)
    devices = []
    for index in range(torch.cuda.device_count()):
        memory = torch.cuda.get_device_properties(index).total_memory / 2**30
        devices.append(f"cuda:{index} {torch.cuda.get_device_name(index)}, {fixed(memory, 0)} GiB")
    return Finding("CUDA", OK, "; ".join(devices))


def codecs() -> Finding:
    """A second of sound through every codec that a degradation or a reader uses, and back."""
    import torch

    from degrade_bench.degrade.dsp import codec

    sound = torch.sin(torch.linspace(0, 2000, 44100)).repeat(2, 1) * 0.1
    coders: dict[str, Callable[[], Any]] = {
        "MP3 (lameenc)": lambda: codec.mp3_round_trip(sound, 44100, 64),
        "MP3 (pedalboard)": lambda: codec.mp3_round_trip(sound, 44100, 320),
        "Ogg Vorbis": lambda: codec.decode(codec.vorbis_encode(sound.numpy(), 44100, 0.4)),
        "GSM": lambda: codec.gsm_round_trip(sound, 44100, 8000),
        "FLAC": lambda: _flac(sound.numpy()),
    }
    broken = []
    for name, run in coders.items():
        try:
            run()
        except Exception as error:  # each library has errors of its own
            broken.append(f"{name} ({type(error).__name__}: {' '.join(str(error).split())[:80]})")
    if broken:
        mend = "pip install --force-reinstall --no-deps soundfile lameenc pedalboard"
        return Finding("codecs", MISSING, f"do not work: {', '.join(broken)}", mend, ("run",))
    return Finding("codecs", OK, f"{', '.join(coders)} encode and decode")


def _flac(sound: Any) -> None:
    import io

    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, sound.T, 44100, format="FLAC")
    buffer.seek(0)
    soundfile.read(buffer)


def corpus() -> Finding:
    """The built-in clips."""
    from degrade_bench.corpus.builtin import builtin_sources

    sources = builtin_sources()
    sources[0].load()
    return Finding("built-in corpus", OK, f"{len(sources)} clips")


def muq_eval_weights() -> Finding:
    """The files of MuQ-Eval A1."""
    return _weights("muq-eval")


def muq_eval_a3a_weights() -> Finding:
    """The files of MuQ-Eval A3a."""
    return _weights("muq-eval-a3a")


def _weights(metric: str) -> Finding:
    from degrade_bench.metric.muq_eval import hub

    variant = hub.VARIANT_OF[metric]
    name, files = f"{metric} weights", hub.local_files(variant, None, None, None, None)
    if isinstance(files, hub.Files):
        revision = files.revisions[0]
        return Finding(name, OK, f"{files.checkpoint} (revision {revision})")
    return Finding(name, MISSING, files, f"degrade-bench fetch {metric}", (metric,))


def cache() -> Finding:
    """Where fetched weights go, and whether there is room."""
    from degrade_bench.metric.hub_client import cache_folder, offline_by

    folder = os.path.abspath(cache_folder())
    there = folder
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    free = shutil.disk_usage(there).free
    variable = offline_by()
    offline = f"; {variable} is set: nothing will be fetched" if variable else ""
    text = f"{folder}, {gigabytes(free, 0)} free{offline}"
    if not os.access(there, os.W_OK):
        return Finding("weights' cache", NOTE, f"{text}: it cannot be written", "export HF_HOME=/another/folder")
    if free < WEIGHT_BYTES:
        return Finding("weights' cache", NOTE, f"{text}: MuQ-Eval needs 1.34 GB", "export HF_HOME=/another/disk")
    return Finding("weights' cache", NOTE if variable else OK, text, f"unset {variable}" if variable else None)


def reference_backend() -> Finding:
    """The authors' package, for comparison."""
    versions = {package: _version(package) for package in ("muq", "transformers")}
    absent = [package for package, has in versions.items() if has is None]
    mend = "pip install 'degrade-bench[reference]'"
    if absent:
        text = f"{' and '.join(absent)} not installed: only --set muq-eval.backend=reference needs it"
        return Finding("reference backend", NOTE, text, mend)
    text = ", ".join(f"{package} {has}" for package, has in versions.items())
    numbers = tuple(int(part) for part in str(versions["transformers"]).split(".")[:2])
    if not (4, 45) <= numbers < (5, 16):
        return Finding("reference backend", NOTE, f"{text}: muq works with transformers 4.45 to 5.15", mend)
    return Finding("reference backend", OK, text)


def dnsmos() -> Finding:
    """The extra for DNSMOS."""
    from degrade_bench.metric.dnsmos.metric import HOW_TO, Dnsmos

    reason = Dnsmos.unavailable({})
    if reason is None:
        return Finding("dnsmos", OK, f"speechmos {_version('speechmos')}, onnxruntime {_version('onnxruntime')}")
    return Finding("dnsmos", MISSING, reason.removesuffix(f"; {HOW_TO}"), HOW_TO, ("dnsmos",))


def other_metrics() -> Finding:
    """The extras of metrics that run only where they are asked for by name."""
    from degrade_bench.metric.catalogue import REGISTRY

    reasons = {name: REGISTRY.get(name).unavailable({}) for name in BY_EXTRA}
    ready = [name for name, reason in reasons.items() if reason is None]
    absent = [name for name in BY_EXTRA if name not in ready]
    text = f"{', '.join(ready) or 'none'} ready"
    if not absent:
        return Finding("other metrics", OK, text)
    mend = f"pip install 'degrade-bench[{','.join(absent)}]'"
    return Finding("other metrics", NOTE, f"{text}; only --metric {', '.join(absent)} need more", mend)


def learned_metrics() -> Finding:
    """What learned metrics need beside an extra."""
    from degrade_bench.metric.catalogue import REGISTRY

    ready = [name for name in FETCHED if REGISTRY.get(name).unavailable({}) is None]
    absent = [name for name in FETCHED if name not in ready]
    text = f"{', '.join(ready) or 'none'} ready"
    if not absent:
        return Finding("learned metrics", OK, text)
    text += f"; only --metric {', '.join(absent)} need more: `degrade-bench list metrics` says what"
    return Finding("learned metrics", NOTE, text, "degrade-bench fetch NAME; see docs/learned-metrics.md")


def hub_answers() -> Finding:
    """Whether the hub can be reached; asked only where that was asked for."""
    from degrade_bench.metric.hub_client import unreachable

    reason = unreachable()
    if reason:
        return Finding("hub", NOTE, reason, "check the network, HTTPS_PROXY and HF_ENDPOINT")
    return Finding("hub", OK, "answers")


def _version(package_name: str) -> str | None:
    try:
        return version(package_name)
    except PackageNotFoundError:
        return None


NEEDED: tuple[Check, ...] = (dependencies, torch_itself, codecs, corpus)
CHECKS: tuple[Check, ...] = (
    package,
    dependencies,
    torch_itself,
    torchaudio,
    processor,
    cuda,
    codecs,
    corpus,
    muq_eval_weights,
    muq_eval_a3a_weights,
    cache,
    reference_backend,
    dnsmos,
    other_metrics,
    learned_metrics,
)
