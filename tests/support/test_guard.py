"""Foreign code may change whatever is global: afterwards it is as it was."""

from __future__ import annotations

import gc
import locale
import os
import random
import signal
import sys
import warnings

import numpy as np
import pytest
import torch

from degrade_bench._support.guard import ForeignExitError, guarded
from tests.precisions import PRECISIONS, SETTABLE, fresh_precisions, new_precisions, precision_owner, precisions

MODULES = ("json", "degrade_bench._support.guard")


def global_state():
    return {
        "directory": os.getcwd(),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "argv": list(sys.argv),
        "modules": {name: sys.modules.get(name) for name in MODULES},
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "recursion": sys.getrecursionlimit(),
        "collects": gc.isenabled(),
        "interrupt": signal.getsignal(signal.SIGINT),
        "locale": locale.setlocale(locale.LC_ALL),
        "warnings": list(warnings.filters),
        "random": random.getstate(),
        "numpy": [str(part) for part in np.random.get_state()],
        "errors": np.geterr(),
        "printing": np.get_printoptions()["precision"],
        "torch": torch.get_rng_state().tolist(),
        "type": torch.get_default_dtype(),
        "device": torch.zeros(1).device,
        "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "precision": torch.get_float32_matmul_precision(),
        "cudnn": torch.backends.cudnn.benchmark,
        "cudnn_tf32": torch.backends.cudnn.allow_tf32,
    }


def vandalise(directory):
    del sys.modules[MODULES[0]]
    sys.modules[MODULES[1]] = object()
    os.chdir(directory)
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.pop("PATH")
    sys.argv[:] = ["other"]
    sys.stdout = None
    sys.setrecursionlimit(5000)
    gc.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    locale.setlocale(locale.LC_ALL, "C")
    random.seed(1)
    np.random.seed(1)
    np.seterr(all="raise")
    np.set_printoptions(precision=1)
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_num_threads(3)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True)
    torch.set_float32_matmul_precision("medium")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False
    warnings.simplefilter("error")
    sys.path.clear()


def test_the_global_state_is_put_back(tmp_path):
    before = global_state()
    with guarded("it"):
        vandalise(tmp_path)
    assert global_state() == before


def test_also_where_the_foreign_code_raises(tmp_path):
    before = global_state()

    def broken():
        vandalise(tmp_path)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), guarded("it"):
        broken()
    assert global_state() == before


@pytest.mark.parametrize(("path", "value"), SETTABLE)
@new_precisions
def test_every_precision_that_a_user_sets_stays_and_none_that_foreign_code_sets(path, value):
    with fresh_precisions():
        precision_owner(path).fp32_precision = value
        before = precisions()
        with guarded("it"):
            torch.set_float32_matmul_precision("medium")
            for owner in PRECISIONS:
                precision_owner(owner).fp32_precision = "tf32"
        assert precisions() == before


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (SystemExit(0), r"the metric called sys.exit\(0\)"),
        (SystemExit(), r"the metric called sys.exit\(\)"),
        (GeneratorExit("x"), "the metric raised GeneratorExit: x"),
    ],
)
def test_what_would_end_the_interpreter_is_an_error(raised, said):
    with pytest.raises(ForeignExitError, match=said), guarded("the metric"):
        raise raised


def test_the_users_interruption_is_his():
    with pytest.raises(KeyboardInterrupt), guarded("the metric"):
        raise KeyboardInterrupt


def test_closed_streams_are_open_again(capfd):
    with capfd.disabled():
        kept = sys.stdout
        try:
            sys.stdout = os.fdopen(os.dup(1), "w")
            with guarded("it"):
                sys.stdout.close()
                os.close(1)
            os.fstat(1)
            assert not sys.stdout.closed
        finally:
            sys.stdout = kept
