"""A network out of an ONNX file, by onnxruntime on the CPU and on one thread."""

from __future__ import annotations

import numpy as np

THREADS = 1
"""Sums of more threads differ in their last bits, and the sweep's workers share the cores already."""


class OnnxSession:
    """A network from one tensor to another.

    Args:
        model: what the file holds.
        source: the name of the tensor that it takes.
        target: the name of the one that it gives.
    """

    def __init__(self, model: bytes, source: str, target: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = THREADS
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._source, self._target = source, target

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """What the network makes of a tensor."""
        result: np.ndarray = self._session.run([self._target], {self._source: np.ascontiguousarray(values)})[0]
        return result
