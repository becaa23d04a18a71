"""How soon the command line answers, and what it does not import to do so."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

HEAVY = ("transformers", "muq", "torchvision", "x_clip", "peft", "torch._dynamo", "torch._inductor", "onnxruntime")
"""What only scoring may import."""

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
        (("fetch", "nothing"), ("torch", "numpy")),
        (("list", "metrics"), ("librosa",)),
        (("list", "degradations"), ("librosa",)),
        (("list", "suites"), ("librosa",)),
        (("doctor",), ()),
    ],
)
def test_what_does_not_score_imports_nothing_heavy(arguments, also):
    imported = modules_after(*arguments)
    assert imported.isdisjoint({*HEAVY, *also})


def test_help_answers_in_a_second():
    """In processor time, which a busy machine does not lengthen much."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "degrade_bench", "--help"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0
