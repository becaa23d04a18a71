"""Degradations that are named by where their class is."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from degrade_bench._support.file_modules import module_from
from degrade_bench.degrade import references
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.suites import find, resolve, suite
from degrade_bench.errors import ConfigError, UnknownNameError
from tests.conftest import make_clip

ROOT = Path(__file__).parents[2]
FILE = """
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn


class Offset(Degradation):
    name, group, family = "{name}", "signal", "offset"
    default_ladder = Ladder((0.01, 0.02, 0.05, 0.1, 0.2), "of full scale")
    source, summary, matches_loudness = "tests", "adds a constant", False

    def draw(self, clip, level, strength, rng):
        return Drawn({{"offset": strength * FACTOR}})

    def damage(self, clip, params):
        return clip.samples + params["offset"]

    def make_placebo(self):
        return FaintPlacebo(self, 1e-5, "far under the last bit")


class _Helper(Offset):
    pass


FACTOR = {factor}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.py").write_text(FILE.format(name="offset", factor=1))
    (tmp_path / "two.py").write_text(FILE.format(name="other_offset", factor=2))
    return tmp_path


def offset_of(degradation):
    clip = make_clip(1.0, 8000, 1)
    rendered = degradation.render(clip, 3, generator(1))
    return float((rendered.clip.samples - clip.samples).mean())


@pytest.mark.parametrize("spec", ["one.py:Offset", "one.py"])
def test_it_is_found_in_its_file_and_so_is_its_placebo(here, spec):
    degradation = references.get(spec)
    assert degradation.name == "offset"
    assert degradation.is_foreign
    assert offset_of(degradation) == pytest.approx(0.05, abs=1e-6)
    assert find("one.py:Offset_placebo").placebo_of == "offset"
    assert references.get("degrade_bench.degrade.signal.hum:Hum").identity() == references.get("hum").identity()
    assert references.get("degrade_bench.degrade.signal.hum:Hum_placebo").placebo_of == "hum"


def test_two_files_with_a_class_of_one_name_do_not_collide_and_cross_processes(here):
    both = resolve((), ["one.py", "two.py:Offset"]).degradations
    named = {degradation.name: degradation for degradation in both if degradation.group != "control"}
    again = pickle.loads(pickle.dumps(named))
    for name, offset in (("offset", 0.05), ("other_offset", 0.1)):
        assert offset_of(named[name]) == offset_of(again[name]) == pytest.approx(offset, abs=1e-6)
    (here / "sent").write_bytes(pickle.dumps(named))
    code = (
        "import pickle, sys; import degrade_bench.sweep.worker; print(sorted(pickle.load(open(sys.argv[1], 'rb'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, here / "sent"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.strip() == "['offset', 'other_offset']", done.stderr


def test_its_code_is_part_of_what_it_is(here):
    before = references.get("one.py")
    assert references.get("one.py:Offset").identity() == before.identity()
    assert before.identity()[-1] == before.describe()["definition"] == {"code": before.definition["code"]}
    sent = pickle.dumps(before)
    (here / "one.py").write_text(FILE.format(name="offset", factor=3))
    changed = references.get("one.py")
    assert changed.identity() != before.identity()
    assert offset_of(changed) == pytest.approx(0.15, abs=1e-6)
    sys.modules.pop(type(before).__module__)
    with pytest.raises(ImportError, match=r"one\.py has changed since the run began"):
        pickle.loads(sent)


def test_a_suite_names_it_from_where_the_suite_lies(here, monkeypatch):
    text = """
degradations:
  - one.py:Offset
  - degradation: two.py
    name: louder
    ladder: [0.1, 0.2, 0.3, 0.4, 0.5]
  - name: chained
    chain:
      - { degradation: one.py, strength: 0.01 }
      - { degradation: low_pass, strength: [12000, 8000, 4000, 2000, 1000] }
"""
    (here / "mine.yaml").write_text(text)
    monkeypatch.chdir("/")
    made = suite(here / "mine.yaml").degradations
    assert [degradation.name for degradation in made] == ["offset", "louder", "chained"]
    assert offset_of(made[1]) == pytest.approx(0.6, abs=1e-6)
    assert {"code", "degradation"} == set(made[1].definition)
    (here / "wrong.yaml").write_text("degradations:\n  - none.py:Offset\n")
    with pytest.raises(ConfigError, match=r"wrong\.yaml.*none\.py:Offset.*no such file"):
        suite(here / "wrong.yaml")


ERRORS = {
    "missing.py:Offset": "degradation 'missing.py:Offset': no such file",
    "missing.py": "degradation 'missing.py': no such file",
    "one.py:Ofset": "degradation 'one.py:Ofset': unknown name 'Ofset'; did you mean 'Offset'?",
    "one.py:FACTOR": "degradation 'one.py:FACTOR': expected a Degradation object or the name of one, got 1",
    "broken.py": "cannot be imported: NameError: name 'nowhere' is not defined",
    "empty.py": "degradation 'empty.py': no class in it is a degradation, which derives from Degradation",
    "both.py": "2 classes in it are degradations; give one: both.py:Offset, both.py:Second",
    "taken.py": "degradation 'taken.py': 'white_noise' is the name of a degradation that there is; choose another",
    "raises.py": "degradation 'raises.py' cannot be made: ValueError: not so",
    "exits.py": "its constructor called sys.exit(3)",
    "no_such_module:Offset": "cannot import 'no_such_module'",
    "json:Offset": "module 'json' has no 'Offset'",
}


@pytest.mark.parametrize("spec", ERRORS)
def test_what_will_not_do_is_one_line(here, spec):
    second = "\n\nclass Second(Offset):\n    name = 'second'\n"
    init = "\n\nclass Only(Offset):\n    name = 'only'\n    def __init__(self):\n        {}\n\n\ndel Offset\n"
    file = FILE.format(name="offset", factor=1)
    for name, text in {
        "broken.py": "nowhere\n",
        "empty.py": "x = 1\n",
        "both.py": file + second,
        "taken.py": FILE.format(name="white_noise", factor=1),
        "raises.py": file + init.format("raise ValueError('not so')"),
        "exits.py": file + init.format("raise SystemExit(3)"),
    }.items():
        (here / name).write_text(text)
    with pytest.raises((ConfigError, UnknownNameError)) as error:
        references.get(spec)
    assert ERRORS[spec] in str(error.value)
    assert "\n" not in str(error.value)


def test_a_module_is_the_file_as_it_is(here):
    module = module_from(here / "one.py")
    assert module_from(Path("one.py")) is module
    assert torch.equal(
        module.Offset().damage(make_clip(1.0, 8000, 1), {"offset": 0.0}), make_clip(1.0, 8000, 1).samples
    )
