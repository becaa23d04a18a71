"""DNSMOS's two networks, out of the files of the ``speechmos`` package, by onnxruntime on one thread.

The network of signal, background and overall quality looks at 900 frames of a log power spectrum, 100 frames a
second. Four convolutions of three frames each cost 97 % of it, and windows one second apart share 800 of their 900
frames. So the file is cut in three: spectrum, convolutions up to the first pooling, and the rest. The convolutions
run once over the frames of neighbouring windows. Only a window's first and last four frames see the zeros around
it; these are computed for each window anew. The scores are the package's; a clip of 16 s takes a third of the time.

Source: DNSMOS P.835, arXiv 2110.01763; DNSMOS (P.808), arXiv 2010.15258.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from degrade_bench._support.librosa_modules import librosa_module
from degrade_bench.errors import MetricError
from degrade_bench.metric.dnsmos.contract import HOP_SAMPLES, SAMPLE_RATE, WINDOW_SAMPLES
from degrade_bench.metric.onnx_session import OnnxSession

P835_FILE, P808_FILE = "sig_bak_ovr.onnx", "model_v8.onnx"
INPUT, OUTPUT = "input_1", "Identity:0"
SPECTRUM, POOLED = "adjusted_input6", "mos_estimator_logpow/conv2d_3/Relu:0_pooling0"
"""Where the file is cut: ``(windows, 1, frames, 161)`` and ``(windows, 32, frames / 2, 80)``."""

WINDOW_FRAMES, HOP_FRAMES = 900, 100
EDGE = 4
"""Frames that the zeros before or behind a window reach through four convolutions."""
BLOCK_FRAMES = 300
"""Frames that the convolutions get at once. More frames or more windows leave the cache and cost more each."""
MOST_WINDOWS = 60
"""Neighbouring windows whose frames are kept at once: 35 MB of them."""
P808_WINDOWS = 4
"""Windows that the smaller network gets at once."""


class P835Network:
    """Signal, background and overall quality.

    Args:
        path: ``sig_bak_ovr.onnx``.

    Raises:
        MetricError: the file cannot be read, or is another network.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnx

            model = onnx.load(str(path))
            self._spectrum = _part(model, INPUT, SPECTRUM, (None, WINDOW_SAMPLES))
            self._convolutions = _part(model, SPECTRUM, POOLED, (None, 1, None, 161))
            self._rest = _part(model, POOLED, OUTPUT, (None, 32, WINDOW_FRAMES // 2, 80))
        except Exception as error:  # onnx, protobuf and onnxruntime raise many kinds
            raise _unreadable(path, error) from error

    def answers(self, audio: np.ndarray, seconds: Sequence[int]) -> np.ndarray:
        """The network's raw answers for the windows that begin at the given seconds.

        Shape:
            audio: ``(time,)``, float32, 16 kHz.
            returns: ``(windows, 3)``: signal, background, overall.
        """
        return np.concatenate([self._neighbours(audio, first, count) for first, count in neighbours(seconds)])

    def _neighbours(self, audio: np.ndarray, first: int, count: int) -> np.ndarray:
        """Answers for ``count`` windows one second apart."""
        frames = self._frames(audio, first, count)
        shared = self._shared(frames)
        answers = []
        for window in range(count):
            start = window * HOP_FRAMES
            whole = frames[start : start + WINDOW_FRAMES]
            edges = self._convolutions(np.stack([whole[: 2 * EDGE], whole[-2 * EDGE :]])[:, None])
            half, kept = EDGE // 2, shared[:, start // 2 : (start + WINDOW_FRAMES) // 2]
            pooled = np.concatenate([edges[0][:, :half], kept[:, half:-half], edges[1][:, half:]], axis=1)
            answers.append(self._rest(pooled[None])[0])
        return np.stack(answers)

    def _frames(self, audio: np.ndarray, first: int, count: int) -> np.ndarray:
        """The log power spectrum under ``count`` windows: ``(frames, 161)``."""
        frames = np.empty((WINDOW_FRAMES + (count - 1) * HOP_FRAMES, 161), np.float32)
        for window in sorted({*range(0, count, WINDOW_FRAMES // HOP_FRAMES), count - 1}):
            start = (first + window) * HOP_SAMPLES
            spectrum = self._spectrum(audio[None, start : start + WINDOW_SAMPLES])[0, 0]
            frames[window * HOP_FRAMES : window * HOP_FRAMES + WINDOW_FRAMES] = spectrum
        return frames

    def _shared(self, frames: np.ndarray) -> np.ndarray:
        """What all windows share: the pooled convolutions of all frames, ``(32, frames / 2, 80)``, edges aside."""
        pooled = np.empty((32, len(frames) // 2, 80), np.float32)
        for start in range(0, len(frames), BLOCK_FRAMES):
            stop = min(start + BLOCK_FRAMES, len(frames))
            before = min(EDGE, start)
            block = self._convolutions(frames[None, None, start - before : stop + EDGE])[0]
            pooled[:, start // 2 : stop // 2] = block[:, before // 2 : (before + stop - start) // 2]
        return pooled


class P808Network:
    """Overall quality as in a listening test by P.808, from mel spectra.

    Args:
        path: ``model_v8.onnx``.

    Raises:
        MetricError: as :class:`P835Network`.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._network = OnnxSession(path.read_bytes(), INPUT, OUTPUT)
        except Exception as error:
            raise _unreadable(path, error) from error

    def answers(self, audio: np.ndarray, seconds: Sequence[int]) -> np.ndarray:
        """As :meth:`P835Network.answers`, but ``(windows, 1)``: overall quality."""
        answers = []
        for start in range(0, len(seconds), P808_WINDOWS):
            chunk = seconds[start : start + P808_WINDOWS]
            windows = np.stack([audio[s * HOP_SAMPLES : s * HOP_SAMPLES + WINDOW_SAMPLES] for s in chunk])
            answers.append(self._network(mel_features(windows)))
        return np.concatenate(answers)


def mel_features(windows: np.ndarray) -> np.ndarray:
    """``(windows, 144160)`` to mel spectra in dB under each window's own peak, scaled: ``(windows, 900, 120)``."""
    feature, core = librosa_module("librosa.feature"), librosa_module("librosa.core")
    power = feature.melspectrogram(y=windows[:, :-160], sr=SAMPLE_RATE, n_fft=321, hop_length=160, n_mels=120)
    levels = [core.power_to_db(window, ref=np.max) for window in power]
    return ((np.stack(levels) + 40) / 40).astype(np.float32).transpose(0, 2, 1)


def neighbours(seconds: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First second and number of the windows that follow each other, :data:`MOST_WINDOWS` at most."""
    first, count = seconds[0], 0
    for second in seconds:
        if second != first + count or count == MOST_WINDOWS:
            yield first, count
            first, count = second, 0
        count += 1
    yield first, count


def _part(model: Any, source: str, target: str, shape: tuple[int | None, ...]) -> OnnxSession:
    """The part of a network between two of its tensors; None in ``shape`` is any size."""
    from onnx import TensorProto, helper

    needed: set[str] = {target}
    nodes: list[Any] = []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            nodes.insert(0, node)
            needed.update(name for name in node.input if name != source)
    weights = [weight for weight in model.graph.initializer if weight.name in needed]
    taken = helper.make_tensor_value_info(source, TensorProto.FLOAT, shape)
    given = helper.make_tensor_value_info(target, TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "part", [taken], [given], weights)
    part = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return OnnxSession(part.SerializeToString(), source, target)


def _unreadable(path: Path, error: Exception) -> MetricError:
    first = " ".join(str(error).split())[:160]
    return MetricError(f"dnsmos: {path} is not the network that is expected ({type(error).__name__}: {first})")
