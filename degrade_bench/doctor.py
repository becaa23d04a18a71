"""What this machine can do, what is missing, and the command that mends it.

Every check is asked on its own and none can end the others: one that fails to answer is reported as broken. Nothing
is downloaded, and no network is touched unless that is asked for.
"""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

OK, MISSING, NOTE = "ok", "missing", "note"
MAIN_JOB = "degrade-bench run --suite signal,structural --out out"
REINSTALL = "pip install --force-reinstall degrade-bench"
TORCH_PAIR = "pip install 'torch>=2.4,<2.12' 'torchaudio>=2.4,<2.12'"
WEIGHT_BYTES = 1_340_000_000


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        name: what was looked at.
        state: ``ok``; ``missing`` where something cannot be done; ``note`` where it can and is worth knowing.
        text: what was found, in one line.
        mend: the command that mends it.
        needed_for: ``run`` where the main job cannot do without, else the metric that needs it, if one does.
    """

    name: str
    state: str
    text: str
    mend: str | None = None
    needed_for: str | None = None


Check = Callable[[], Finding]


def examine(online: bool = False) -> list[Finding]:
    """Ask every check, in order."""
    checks = [*CHECKS, *((hub_answers,) if online else ())]
    return [_asked(check) for check in checks]


def _asked(check: Check) -> Finding:
    name = check.__name__.replace("_", " ")
    try:
        return check()
    except Exception as error:  # a broken installation may raise anything, and that is what is looked for
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        needed = "run" if check in NEEDED else None
        return Finding(name, MISSING, f"broken: {reason}", REINSTALL if needed else None, needed)


def can_run(findings: Sequence[Finding]) -> bool:
    """Whether the main job can run."""
    return not any(found.state == MISSING and found.needed_for == "run" for found in findings)


def conclusion(findings: Sequence[Finding]) -> str:
    """What can be done now, in one line."""
    main = f"ready: {MAIN_JOB}" if can_run(findings) else "not ready: mend what is needed above"
    parts = [main]
    for metric in ("muq-eval", "muq-eval-a3a", "dnsmos"):
        missing = [found for found in findings if found.state == MISSING and found.needed_for == metric]
        parts.append(f"{metric}: {'not ready' if missing or not can_run(findings) else 'ready'}")
    return "; ".join(parts)


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings for programs."""
    return [asdict(found) for found in findings]


# -- the checks ----------------------------------------------------------------------------------------


def package() -> Finding:
    """Python and this package."""
    from degrade_bench import __version__

    system = f"{platform.system()} {platform.machine()}"
    text = f"degrade-bench {__version__}, Python {platform.python_version()}, {system}"
    if sys.version_info < (3, 10) or sys.version_info >= (3, 13):
        return Finding("package", NOTE, text + "; Python 3.10 to 3.12 is what it is tested with")
    return Finding("package", OK, text)


def torch_and_torchaudio() -> Finding:
    """The pair must come from one release."""
    name = "torch and torchaudio"
    pair = {each: _version(each) for each in ("torch", "torchaudio")}
    absent = [each for each, found in pair.items() if found is None]
    if absent:
        return Finding(name, MISSING, f"{' and '.join(absent)} not installed", TORCH_PAIR, "run")
    text = f"torch {pair['torch']}, torchaudio {pair['torchaudio']}"
    releases = {str(found).split("+")[0] for found in pair.values()}
    try:
        importlib.import_module("torch")
        importlib.import_module("torchaudio")
    except Exception as error:  # a pair that does not match raises OSError, or what the loader likes
        reason = " ".join(str(error).split())[:120]
        return Finding(name, MISSING, f"{text}: cannot be imported ({reason})", TORCH_PAIR, "run")
    if len(releases) > 1:
        return Finding(name, NOTE, f"{text}: two releases", TORCH_PAIR)
    return Finding(name, OK, text)


def processor() -> Finding:
    """Cores, and whether bfloat16 is done in hardware."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    ask = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    half = bool(ask()) if ask is not None else False
    text = f"{cores} cores, bfloat16 {'in hardware' if half else 'not in hardware: float32 is as fast'}"
    return Finding("processor", OK, text)


def cuda() -> Finding:
    """GPUs that torch can use."""
    import torch

    if not torch.cuda.is_available():
        built = torch.version.cuda
        why = f"torch is built for CUDA {built} and finds no device" if built else "torch is built without CUDA"
        return Finding("CUDA", NOTE, f"none ({why}); MuQ-Eval then runs on the processor, seconds a clip")
    devices = []
    for index in range(torch.cuda.device_count()):
        memory = torch.cuda.get_device_properties(index).total_memory / 2**30
        devices.append(f"cuda:{index} {torch.cuda.get_device_name(index)}, {memory:.0f} GiB")
    return Finding("CUDA", OK, "; ".join(devices))


def codecs() -> Finding:
    """A second of sound through every codec that a degradation or a reader uses, and back."""
    import torch

    from degrade_bench.degrade import codec

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
        mend = "pip install --force-reinstall soundfile lameenc pedalboard"
        return Finding("codecs", MISSING, f"do not work: {', '.join(broken)}", mend, "run")
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
    name, found = f"{metric} weights", hub.local_files(variant, None, None, None, None)
    if isinstance(found, hub.Files):
        revision = found.revisions[0]
        return Finding(name, OK, f"{found.checkpoint} (revision {revision})")
    return Finding(name, MISSING, found, f"degrade-bench fetch {metric}", metric)


def cache() -> Finding:
    """Where fetched weights go, and whether there is room."""
    from huggingface_hub import constants

    folder = os.path.abspath(constants.HF_HUB_CACHE)
    there = folder
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    free = shutil.disk_usage(there).free
    offline = "; HF_HUB_OFFLINE is set: nothing will be fetched" if constants.HF_HUB_OFFLINE else ""
    text = f"{folder}, {free / 1e9:.0f} GB free{offline}"
    if not os.access(there, os.W_OK):
        return Finding("weights' cache", NOTE, f"{text}: it cannot be written", "export HF_HOME=/another/folder")
    if free < WEIGHT_BYTES:
        return Finding("weights' cache", NOTE, f"{text}: MuQ-Eval needs 1.34 GB", "export HF_HOME=/another/disk")
    return Finding("weights' cache", NOTE if offline else OK, text, "unset HF_HUB_OFFLINE" if offline else None)


def reference_backend() -> Finding:
    """The authors' package, for comparison."""
    found = {each: _version(each) for each in ("muq", "transformers")}
    absent = [each for each, has in found.items() if has is None]
    mend = "pip install 'degrade-bench[reference]'"
    if absent:
        text = f"{' and '.join(absent)} not installed: only --set muq-eval.backend=reference needs it"
        return Finding("reference backend", NOTE, text, mend)
    text = ", ".join(f"{each} {has}" for each, has in found.items())
    numbers = tuple(int(part) for part in str(found["transformers"]).split(".")[:2])
    if not (4, 45) <= numbers < (5, 16):
        return Finding("reference backend", NOTE, f"{text}: muq works with transformers 4.45 to 5.15", mend)
    return Finding("reference backend", OK, text)


def dnsmos() -> Finding:
    """The extra for DNSMOS."""
    from degrade_bench.metric.dnsmos.metric import HOW_TO, Dnsmos

    reason = Dnsmos.unavailable({})
    if reason is None:
        return Finding("dnsmos", OK, f"speechmos {_version('speechmos')}, onnxruntime {_version('onnxruntime')}")
    return Finding("dnsmos", MISSING, reason.removesuffix(f"; {HOW_TO}"), HOW_TO, "dnsmos")


def hub_answers() -> Finding:
    """Whether the hub can be reached; asked only where that was asked for."""
    from degrade_bench.metric.muq_eval.hub import unreachable

    reason = unreachable()
    if reason:
        return Finding("hub", NOTE, reason, "check the network, HTTPS_PROXY and HF_ENDPOINT")
    return Finding("hub", OK, "answers")


def _version(package_name: str) -> str | None:
    try:
        return version(package_name)
    except PackageNotFoundError:
        return None


NEEDED: tuple[Check, ...] = (torch_and_torchaudio, codecs, corpus)
CHECKS: tuple[Check, ...] = (
    package,
    torch_and_torchaudio,
    processor,
    cuda,
    codecs,
    corpus,
    muq_eval_weights,
    muq_eval_a3a_weights,
    cache,
    reference_backend,
    dnsmos,
)
