"""How soon the command line answers, and what it does not import to do so."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest
import torch  # noqa: F401 - what is called in this process is to find it loaded

from degrade_bench.cli import app as cli

HEAVY = ("transformers", "muq", "torchvision", "x_clip", "peft", "torch._dynamo", "torch._inductor", "onnxruntime")
"""What only scoring may import."""

COMPUTING = ("torch", "scipy", "numba", "librosa", "pandas", "matplotlib", "pyarrow", "soundfile", "pedalboard")
"""What a listing does without: what damages and listens uses these in functions, not while it is imported."""

CODE = """
import json, sys
from degrade_bench.cli import app as cli
try:
    cli.main(sys.argv[1:])
except SystemExit:
    pass
print("\\n" + json.dumps(sorted(sys.modules)))
"""


def modules_after(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("arguments", "also"),
    [
        (("--help",), ("torch", "numpy", "huggingface_hub")),
        (("--version",), ("torch", "numpy", "huggingface_hub")),
        (("run", "--help"), ("torch", "numpy", "huggingface_hub")),
        (("analysis", "nowhere"), ("torch",)),
        (("report", "nowhere"), ("torch",)),
        (("compare", "nowhere"), ("torch",)),
        (("gate", "nowhere"), ("torch",)),
        (("check", "examples/expectations.yaml", "--out", "nowhere"), ("torch",)),
        (("fetch", "nothing"), ("torch", "numpy")),
        (("list", "metrics"), COMPUTING),
        (("list", "degradations"), COMPUTING),
        (("list", "suites"), COMPUTING),
        (("doctor",), ()),
    ],
)
def test_what_does_not_score_imports_nothing_heavy(arguments, also):
    imported = modules_after(*arguments)
    assert imported.isdisjoint({*HEAVY, *also})


def test_a_worker_imports_nothing_that_concludes():
    code = "import json, sys, degrade_bench.sweep.worker; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)).isdisjoint({*HEAVY, "pandas", "matplotlib", "degrade_bench.analysis"})


def processor_seconds(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "degrade_bench", *arguments], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("run", "--help"), ("list", "degradations"), ("list", "metrics", "--json"), ("list", "suites")],
)
def test_what_computes_nothing_answers_in_a_second(arguments):
    """In processor time, which a busy machine does not lengthen much; in one of three tries at least."""
    assert any(processor_seconds(*arguments) < 1.0 for _ in range(3))


@pytest.mark.parametrize("what", ["degradations", "metrics", "suites"])
def test_what_is_listed_without_torch_is_what_is_listed_with_it(what, capsys):
    assert "torch" in sys.modules
    with pytest.raises(SystemExit):
        cli.main(["list", what, "--json"])
    command = [sys.executable, "-m", "degrade_bench", "list", what, "--json"]
    alone = subprocess.run(command, capture_output=True, text=True, check=True)
    assert alone.stdout == capsys.readouterr().out
