"""Metrics that do harm, one kind each. Nothing here is run by importing it.

``plugins.py`` copies this file whole and appends a call of :func:`metric` with a plan: what is done at which
moment, or which lie is told. The copy is what a run is given as ``--metric copy.py:Hostile``.

An *act* is done at a moment: at import, in the constructor, in ``score``, in ``counts``, in ``fingerprint``, when a
trait is read, in ``__str__``, in ``__del__``, at exit or from a thread. A *lie* is a score that is none, or a trait
that cannot be. Each says what becomes of the metric's rows: ``ok``, ``failed``, or ``refused`` at the door.
"""

from __future__ import annotations

import os
import signal
import sys
import time

OK, FAILED, REFUSED, INTERRUPTED = "ok", "failed", "refused", "interrupted"

ACTS = {}
"""By name: the function, and what becomes of the rows where it is done in ``score``."""
LIES = {}
"""By name: attributes of the class, and what becomes of the rows."""


def act(*expected, hangs=False):
    """Enter an act; ``hangs`` where it never ends."""

    def enter(function):
        function.expected, function.hangs = set(expected), hangs
        ACTS[function.__name__] = function
        return function

    return enter


# -- the samples ---------------------------------------------------------------------------------------


@act(OK)
def writes_into_samples(batch=None, reference=None):
    for tensor in (batch, reference):
        if tensor is not None:
            tensor.mul_(-0.5).add_(0.25)


@act(OK, FAILED)
def resizes_samples(batch=None, reference=None):
    for tensor in (batch, reference):
        if tensor is not None:
            tensor.resize_(1)


@act(OK)
def keeps_samples_and_writes_later(batch=None, reference=None):
    kept = keeps_samples_and_writes_later.__dict__.setdefault("kept", [])
    for tensor in kept:
        tensor.zero_()
    kept += [tensor for tensor in (batch, reference) if tensor is not None]


@act(OK)
def writes_over_files(batch=None, reference=None):
    """A file of its own making, where the command was started."""
    with open("spoilt.txt", "w") as file:
        file.write("spoilt")


# -- global state of libraries -------------------------------------------------------------------------


@act(OK)
def sets_torch_type(batch=None, reference=None):
    import torch

    torch.set_default_dtype(torch.float64)


@act(OK)
def sets_torch_threads(batch=None, reference=None):
    import torch

    torch.set_num_threads(3)


@act(OK, FAILED)
def sets_torch_device(batch=None, reference=None):
    import torch

    torch.set_default_device("meta")


@act(OK)
def turns_gradients_on_and_off(batch=None, reference=None):
    import torch

    torch.autograd.set_grad_enabled(not torch.is_grad_enabled())
    torch.use_deterministic_algorithms(True)
    torch.set_flush_denormal(True)


@act(OK, FAILED)
def changes_torch_functions(batch=None, reference=None):
    import torch

    torch.stft = torch.log10 = torch.mean = lambda *_, **__: torch.zeros(1)


@act(OK, FAILED)
def changes_numpy_functions(batch=None, reference=None):
    import numpy

    numpy.mean = numpy.sum = numpy.log10 = numpy.asarray = lambda *_, **__: 0.0


@act(OK, FAILED)
def changes_scipy_and_soundfile(batch=None, reference=None):
    import scipy.signal
    import soundfile

    scipy.signal.sosfilt = scipy.signal.lfilter = scipy.signal.stft = soundfile.read = lambda *_, **__: None


@act(OK, FAILED)
def changes_builtins(batch=None, reference=None):
    import builtins

    builtins.len, builtins.sorted, builtins.float = (lambda *_: 1), (lambda items, **_: list(items)), int


@act(OK, FAILED)
def changes_the_bench(batch=None, reference=None):
    from degrade_bench.metric.panel import log_mel
    from degrade_bench.sweep import scoring

    scoring.score_cells = scoring.checked_scores = lambda *_, **__: []
    for name in dir(log_mel.LogMel):
        if name.startswith("score"):
            setattr(log_mel.LogMel, name, lambda *_, **__: [0.0])


@act(OK)
def makes_numpy_raise(batch=None, reference=None):
    import numpy

    numpy.seterr(all="raise")
    numpy.set_printoptions(precision=1, threshold=1)


@act(OK)
def seeds_everything(batch=None, reference=None):
    import random

    import numpy
    import torch

    random.seed(0)
    numpy.random.seed(0)
    torch.manual_seed(0)


# -- global state of Python and of the process ---------------------------------------------------------


@act(OK)
def changes_folder(batch=None, reference=None):
    os.chdir("/")


@act(OK)
def removes_environment(batch=None, reference=None):
    os.environ.clear()
    os.environ.update({"OMP_NUM_THREADS": "7", "PYTHONPATH": "/nowhere", "MPLBACKEND": "module://nowhere"})


@act(OK)
def empties_import_path(batch=None, reference=None):
    sys.path[:] = ["/nowhere"]
    sys.meta_path.reverse()


@act(OK, FAILED)
def removes_modules(batch=None, reference=None):
    for name in list(sys.modules):
        if name.startswith(("degrade_bench", "json", "pyarrow", "encodings")):
            del sys.modules[name]


@act(OK)
def changes_arguments(batch=None, reference=None):
    sys.argv[:] = ["somebody", "--else"]
    sys.executable = "/nowhere/python"


@act(OK, FAILED)
def closes_streams(batch=None, reference=None):
    sys.stdout.close()
    sys.stderr.close()


@act(OK, FAILED)
def closes_descriptors(batch=None, reference=None):
    for descriptor in (0, 1, 2):
        os.close(descriptor)


@act(OK, FAILED)
def closes_every_descriptor(batch=None, reference=None):
    os.closerange(0, 256)


@act(OK)
def replaces_streams(batch=None, reference=None):
    sys.stdout = sys.stderr = None


@act(OK)
def prints_megabytes(batch=None, reference=None):
    print("x" * 2_000_000)
    print("y" * 2_000_000, file=sys.stderr)
    os.write(1, b"z" * 100_000)


@act(OK)
def prints_escapes(batch=None, reference=None):
    print("\x1b[2J\x1b]0;title\x07\u202e")


@act(OK)
def makes_warnings_errors(batch=None, reference=None):
    import warnings

    warnings.simplefilter("error")
    warnings.showwarning = None


@act(OK)
def handles_signals(batch=None, reference=None):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)


@act(OK, FAILED)
def sets_an_alarm(batch=None, reference=None):
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0.2)


@act(OK)
def sets_locale(batch=None, reference=None):
    import locale

    for name in ("de_DE.UTF-8", "tr_TR.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_ALL, name)
            break
        except locale.Error:
            continue


@act(OK)
def stops_collecting(batch=None, reference=None):
    import gc

    gc.disable()
    gc.freeze()


@act(OK, FAILED)
def lowers_recursion_limit(batch=None, reference=None):
    sys.setrecursionlimit(60)


@act(OK, FAILED)
def lowers_resource_limits(batch=None, reference=None):
    import resource

    resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


@act(OK)
def changes_mask(batch=None, reference=None):
    os.umask(0o777)


@act(OK)
def hooks_python(batch=None, reference=None):
    sys.excepthook = sys.unraisablehook = sys.displayhook = None
    sys.settrace(lambda *_: None)
    sys.setprofile(lambda *_: None)
    sys.setswitchinterval(1e-6)


@act(OK, FAILED)
def adds_an_audit_hook(batch=None, reference=None):
    def refuse(event, arguments):
        if event == "open" and arguments and str(arguments[0]).endswith(".parquet"):
            raise PermissionError("not this file")

    sys.addaudithook(refuse)


@act(OK)
def logs_everything(batch=None, reference=None):
    import logging

    logging.basicConfig(level=0, force=True)
    logging.getLogger().critical("look at me")


@act(OK)
def leaves_threads(batch=None, reference=None):
    import threading

    for _ in range(4):
        threading.Thread(target=time.sleep, args=(3600,), daemon=False).start()


@act(OK)
def leaves_a_busy_thread(batch=None, reference=None):
    import threading

    def spin():
        until = time.monotonic() + 20
        while time.monotonic() < until:
            pass

    threading.Thread(target=spin, daemon=True).start()


@act(OK)
def leaves_a_process(batch=None, reference=None):
    import subprocess

    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(5)"])


@act(OK, FAILED)
def starts_a_pool(batch=None, reference=None):
    import multiprocessing

    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(abs, range(4))


@act(OK, FAILED)
def sets_the_way_to_start(batch=None, reference=None):
    import multiprocessing

    multiprocessing.set_start_method("fork", force=True)


@act(OK, FAILED)
def forks_and_goes_on(batch=None, reference=None):
    """Once, or there would be two to the power of the number of blocks."""
    if not forks_and_goes_on.__dict__.get("done"):
        forks_and_goes_on.done = True
        os.fork()


@act(OK)
def registers_at_exit(batch=None, reference=None):
    import atexit

    atexit.register(os._exit, 0)


@act(OK, FAILED)
def kills_its_group(batch=None, reference=None):
    os.killpg(os.getpgid(0), signal.SIGUSR2)


# -- ends ----------------------------------------------------------------------------------------------


@act(FAILED)
def exits_well(batch=None, reference=None):
    sys.exit(0)


@act(FAILED)
def exits_badly(batch=None, reference=None):
    sys.exit("usage: somebody else")


@act(FAILED)
def parses_arguments(batch=None, reference=None):
    import argparse

    argparse.ArgumentParser().parse_args(["--unknown"])


@act(FAILED)
def exits_at_once(batch=None, reference=None):
    os._exit(0)


@act(FAILED)
def exits_at_once_badly(batch=None, reference=None):
    os._exit(77)


@act(FAILED)
def kills_itself(batch=None, reference=None):
    os.kill(os.getpid(), signal.SIGKILL)


@act(FAILED)
def terminates_itself(batch=None, reference=None):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(1)


@act(FAILED)
def reads_address_zero(batch=None, reference=None):
    import ctypes

    ctypes.string_at(0)


@act(FAILED)
def aborts(batch=None, reference=None):
    os.abort()


@act(FAILED)
def stops_itself(batch=None, reference=None):
    os.kill(os.getpid(), signal.SIGSTOP)


stops_itself.hangs = True


@act(FAILED)
def recurses(batch=None, reference=None):
    recurses(batch, reference)


@act(FAILED)
def recurses_in_c(batch=None, reference=None):
    sys.setrecursionlimit(10**9)
    nested = []
    for _ in range(10**6):
        nested = [nested]
    repr(nested)


@act(FAILED)
def takes_all_memory(batch=None, reference=None):
    """Pages that are never touched: the limit of the address space ends it, not the machine."""
    import numpy

    kept = [numpy.empty(2**30, numpy.uint8) for _ in range(64)]
    raise MemoryError(f"{len(kept)} GiB were there")


class UnprintableError(Exception):
    """Its text cannot be made, nor can it be sent to another process."""

    def __init__(self, number):
        super().__init__(lambda: number)

    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


class HiddenError(BaseException):
    """Not an Exception."""


def _raising(name, error, *expected):
    def raises(batch=None, reference=None):
        raise error

    raises.__name__ = name
    act(*expected)(raises)


_raising("raises", ValueError("a\nb\x1b[31m" + "c" * 5000), FAILED)
_raising("raises_unprintable", UnprintableError(1), FAILED)
_raising("raises_hidden", HiddenError("base"), FAILED)
_raising("raises_interrupt", KeyboardInterrupt(), FAILED, INTERRUPTED)
_raising("raises_generator_exit", GeneratorExit(), FAILED)
_raising("raises_stop_iteration", StopIteration(), FAILED)
_raising("raises_recursion", RecursionError("too deep"), FAILED)
_raising("raises_memory", MemoryError(), FAILED)
_raising("raises_assertion", AssertionError(), FAILED)
_raising("raises_broken_pipe", BrokenPipeError(32, "Broken pipe"), FAILED)
_raising("raises_end_of_file", EOFError("no more"), FAILED)
_raising("raises_timeout", TimeoutError("slow"), FAILED)
_raising("raises_system_exit_of_none", SystemExit(None), FAILED)


@act(FAILED, hangs=True)
def sleeps_forever(batch=None, reference=None):
    time.sleep(10**6)


@act(FAILED, hangs=True)
def hangs_deaf(batch=None, reference=None):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(10**6)


@act(FAILED, hangs=True)
def spins_forever(batch=None, reference=None):
    while True:
        pass


@act(FAILED, hangs=True)
def hangs_with_the_lock(batch=None, reference=None):
    """A foreign function that never gives Python's lock back."""
    import ctypes

    ctypes.PyDLL(None).sleep(10**6)


@act(FAILED, hangs=True)
def waits_for_input(batch=None, reference=None):
    import select

    while not select.select([], [], [], 100)[0]:
        pass


# -- lies ----------------------------------------------------------------------------------------------


def lie(name, /, *expected, **attributes):
    """Enter a lie."""
    LIES[name] = (attributes, set(expected))


def _torch():
    import torch

    return torch


def _numpy():
    import numpy

    return numpy


def _level(batch):
    return batch.square().mean(dim=(1, 2)).sqrt()


def _scores(name, function, *expected):
    lie(name, *expected, score=lambda self, batch, sample_rate, reference=None: function(batch))


class _Thief:
    """Pretends to be a tensor, and does harm when it is sent."""

    shape = (1,)

    def __reduce__(self):
        return os._exit, (0,)


_scores("score_none", lambda batch: None, FAILED)
_scores("score_text", lambda batch: "0.5", FAILED)
_scores("score_texts", lambda batch: ["0.5"] * len(batch), FAILED)
_scores("score_wrong_shape", lambda batch: _torch().zeros(len(batch), 2), FAILED)
_scores("score_too_many", lambda batch: _torch().zeros(len(batch) + 1), FAILED)
_scores("score_too_few", lambda batch: [], FAILED)
_scores("score_one_number", lambda batch: 0.5, FAILED)
_scores("score_nan", lambda batch: _level(batch) * float("nan"), FAILED)
_scores("score_infinite", lambda batch: _level(batch) * float("inf"), OK, FAILED)
_scores("score_complex", lambda batch: _level(batch).to(_torch().complex64) * 1j, FAILED)
_scores("score_object_array", lambda batch: _numpy().array([1.5] * len(batch), dtype=object), OK, FAILED)
_scores("score_objects", lambda batch: [object()] * len(batch), FAILED)
_scores("score_negative_stride", lambda batch: _level(batch).numpy()[::-1], OK, FAILED)
_scores("score_list", lambda batch: [float(x.abs().mean()) for x in batch], OK)
_scores("score_generator", lambda batch: (0.5 for _ in batch), OK, FAILED)
_scores("score_coroutine", lambda batch: iter([0.5] * len(batch)), OK, FAILED)
_scores("score_dictionary", lambda batch: {index: 0.5 for index in range(len(batch))}, FAILED)
_scores("score_half", lambda batch: _level(batch).half(), OK)
_scores("score_bools", lambda batch: _level(batch) > 0, OK, FAILED)
_scores("score_huge_integers", lambda batch: [10**400] * len(batch), FAILED)
_scores("score_integers", lambda batch: _torch().ones(len(batch), dtype=_torch().int64), OK)
_scores("score_with_gradient", lambda batch: _level(batch).requires_grad_(), OK)
_scores("score_with_graph", lambda batch: _level(batch.requires_grad_()), OK, FAILED)
_scores("score_sparse", lambda batch: _level(batch).to_sparse(), OK, FAILED)
_scores("score_meta", lambda batch: _level(batch).to("meta"), FAILED)
_scores(
    "score_quantised", lambda batch: _torch().quantize_per_tensor(_level(batch), 0.1, 0, _torch().qint8), OK, FAILED
)
_scores("score_view_of_samples", lambda batch: batch[:, 0, 0], OK)
_scores("score_expanded", lambda batch: _torch().zeros(1).expand(len(batch)), OK)
_scores("score_by_batch", lambda batch: _level(batch) - _level(batch).mean(), OK)
_scores("score_by_chance", lambda batch: _torch().rand(len(batch)), OK)
_scores("score_by_time", lambda batch: [time.time()] * len(batch), OK)
_scores("score_bomb", lambda batch: _Thief(), FAILED)
_scores("score_gigantic", lambda batch: _torch().zeros(1).expand(2**40), FAILED)
_scores("score_masked", lambda batch: _numpy().ma.masked_all(len(batch)), OK, FAILED)
_scores("score_dates", lambda batch: _numpy().zeros(len(batch), dtype="datetime64[s]"), FAILED)
_scores("score_record", lambda batch: _numpy().zeros(len(batch), dtype=[("a", float)]), FAILED)

for _trait, _values in {
    "min_seconds": (None, "10", float("nan"), -1.0, True, 10**400),
    "window_seconds": ("10", 0.0, float("inf"), -3, 1e-9),
    "hop_seconds": ("1", 0.0, 1.0),
    "score_range": ((1.0,), (2.0, 1.0), "ab", None, (float("nan"), 1.0), 5),
    "sample_rate": ("44100", 0, -8000, 44100.5),
    "higher_is_better": (None, "yes", 1),
    "needs_reference": (None, 1),
    "aligned": ("no",),
    "hears": ("gain", (1,), None),
    "domain": (None, 3),
    "light": ("yes", None),
    "oracle": (True, "no"),
    "version": (1, None, b"1"),
    "name": (None, "", " ", 3, b"hostile", "si-sdr"),
    "score": (None, 5, "score"),
    "counts": (None, {}, lambda self: None, lambda self: {"a": -1}, lambda self: {1: 1}, lambda self: 5 / 0),
    "fingerprint": (lambda self: None, lambda self: 5 / 0, lambda self: "", lambda self: "x" * 10**6, None),
    "__getattr__": (lambda self, name: 5 / 0,),
    "__class__": (property(lambda self: int),),
}.items():
    for _index, _value in enumerate(_values):
        lie(f"{_trait}_{_index}", REFUSED, OK, FAILED, **{_trait: _value})

for _index, _name in enumerate(
    (
        *("a\nb", "$\\frac{", "x" * 200, "\ud800", "\x1b[31mred", "<script>alert(1)</script>", "../../out", "a,b"),
        *("\u202egnp", "=1+1", "nul\0", "%s%n", "{0}", "a/b", ".", "\U0001f3b5", "clean", "$x$", "_", "^{"),
    )
):
    lie(f"odd_name_{_index}", REFUSED, OK, name=_name)

lie("cannot_be_pickled", OK, held=lambda: None, __reduce__=lambda self: 5 / 0)
lie("comparison_raises", OK, __eq__=lambda self, other: 5 / 0, __hash__=lambda self: 5 / 0)
lie("text_raises", OK, REFUSED, __str__=lambda self: 5 / 0, __repr__=lambda self: 5 / 0)
lie("truth_raises", OK, REFUSED, __bool__=lambda self: 5 / 0, __len__=lambda self: 5 / 0)
lie("traits_change", OK, FAILED, REFUSED, min_seconds=property(lambda self: time.time() % 3))
lie("name_changes", OK, FAILED, REFUSED, name=property(lambda self: f"hostile{time.time_ns() % 2}"))
lie("fingerprint_changes", OK, FAILED, REFUSED, fingerprint=lambda self: f"{time.time_ns():012x}"[-12:])


# -- the metric ----------------------------------------------------------------------------------------

MOMENTS = ("import", "constructor", "score", "counts", "fingerprint", "trait", "text", "end", "exit", "thread")


def metric(light, plan, lies=(), after=0):
    """The class of a metric that does what a plan says.

    Args:
        light: whether the workers compute it.
        plan: acts by moment.
        lies: names of lies.
        after: so many scores are given before the first act of ``score``.
    """

    def do(moment, batch=None, reference=None):
        for name in plan.get(moment, ()):
            ACTS[name](batch, reference)

    class Hostile:
        """Hears the level, besides."""

        name, higher_is_better, needs_reference = "hostile", True, True
        scored = 0

        def __init__(self):
            self.lock = __import__("threading").Lock()
            do("constructor")
            if "thread" in plan:
                __import__("threading").Timer(0.05, do, ("thread",)).start()
            if "exit" in plan:
                __import__("atexit").register(do, "exit")

        def score(self, batch, sample_rate, reference=None):
            levels = _level(batch)
            self.scored += 1
            if self.scored > after:
                do("score", batch, reference)
            return levels

        def counts(self):
            do("counts")
            return {}

        if "fingerprint" in plan:

            def fingerprint(self):
                do("fingerprint")
                return "0123456789ab"

        if "trait" in plan:

            @property
            def min_seconds(self):
                do("trait")
                return 0.0

        if "text" in plan:

            def __repr__(self):
                do("text")
                return "hostile"

            __str__ = __repr__

        if "end" in plan:

            def __del__(self):
                do("end")

    Hostile.light = light
    for name in lies:
        for attribute, value in LIES[name][0].items():
            setattr(Hostile, attribute, value)
    do("import")
    return Hostile
