"""Environments of metrics: made of pinned wheels, by uv or without it, removed, and part of a fingerprint."""

from __future__ import annotations

import importlib.util
import shutil
import zipfile

import pytest
import torch

from degrade_bench.errors import ConfigError
from degrade_bench.metric.catalogue import load_metric_apart
from degrade_bench.metric.outside import environments
from degrade_bench.metric.outside.environments import Wanted, found, made, remove, there

HAS_UV = shutil.which("uv") is not None or importlib.util.find_spec("uv") is not None


@pytest.fixture(autouse=True)
def envs(tmp_path, monkeypatch):
    monkeypatch.setenv("DEGRADE_BENCH_ENVS", str(tmp_path / "envs"))
    return tmp_path / "envs"


@pytest.fixture
def wheels(tmp_path):
    """Two packages, one of which needs the other."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, version, needs in (("tinymetric", "1.0", "Requires-Dist: tinyhelp\n"), ("tinyhelp", "2.5", "")):
        text = "import tinyhelp\nFACTOR = tinyhelp.FACTOR\n" if needs else "FACTOR = 5.0\n"
        info = f"{name}-{version}.dist-info"
        files = {
            f"{name}.py": text,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            for file, content in {**files, f"{info}/RECORD": record}.items():
                wheel.writestr(file, content)
    return folder


TOOLS = [
    pytest.param(True, id="uv", marks=pytest.mark.skipif(not HAS_UV, reason="uv is not installed")),
    pytest.param(False, id="pip"),
]
TINY = Wanted(("tinymetric==1.0",))


@pytest.mark.parametrize("with_uv", TOOLS)
def test_one_is_made_used_recorded_and_removed(with_uv, wheels, tmp_path, monkeypatch):
    if not with_uv:
        monkeypatch.setattr(environments, "_uv", lambda: None)
    environment = made("theirs", TINY, wheels)
    assert there() == ["theirs"]
    assert environment.packages == ("tinyhelp==2.5", "tinymetric==1.0"), "what it needs is locked, too"
    (tmp_path / "mine.py").write_text("import tinymetric\n\n\ndef score(audio):\n    return tinymetric.FACTOR\n")
    python = str(environment.interpreter)
    up = {"higher_is_better": True}
    metric = load_metric_apart(f"{tmp_path}/mine.py:score", up, "cpu", 20.0, python=python)
    assert metric.score(torch.zeros(1, 1, 10), 8000).tolist() == [5.0]
    assert metric.fingerprint_parts()["package"] == "tinyhelp==2.5, tinymetric==1.0"
    metric.rest()

    monkeypatch.setattr(environments, "_ran", lambda command: pytest.fail("it is there already"))
    assert made("theirs", TINY) == environment == found("theirs")
    file = tmp_path / "mine.yaml"
    file.write_text(
        "metric: mine.py:score\nhigher_is_better: true\nenv: theirs\nrequires: [tinymetric==1.0]\nname: tiny\n"
    )
    asked = load_metric_apart(str(file), {}, "cpu", 20.0)
    assert asked.name == "tiny"
    asked.rest()
    remove("theirs")
    assert there() == []
    with pytest.raises(ConfigError, match=r"no environment 'theirs'; make it: degrade-bench env theirs --require"):
        found("theirs")


def test_one_that_cannot_be_made_is_not_there(wheels):
    with pytest.raises(ConfigError, match=r"environment 'theirs' cannot be made: .*9.9"):
        made("theirs", Wanted(("tinymetric==9.9",)), wheels)
    assert there() == []
    with pytest.raises(ConfigError, match=r"environment 'theirs'"):
        made("theirs", Wanted((), "/no/such/python"))


@pytest.mark.parametrize(
    ("name", "requires", "text"),
    [
        ("../theirs", (), "expected a name of letters"),
        ("theirs", ("numpy>=1.26",), "expected a pinned one, such as numpy==1.2.3"),
        ("theirs", ("numpy==1.*",), "expected a pinned one"),
        ("theirs", ("--no-deps x",), "requirement '--no-deps x'"),
    ],
)
def test_what_is_no_environment_is_refused(name, requires, text, envs):
    with pytest.raises(ConfigError, match=text):
        made(name, Wanted(requires))
    assert not envs.exists()


def test_only_what_is_ours_is_removed(envs):
    (envs / "mine").mkdir(parents=True)
    (envs / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="no environment 'mine'"):
        remove("mine")
    environment = made("theirs", Wanted(()))
    (envs / "theirs" / "notes.txt").write_text("mine")
    remove("theirs")
    assert not environment.interpreter.exists()
    assert (envs / "theirs" / "notes.txt").read_text() == (envs / "mine" / "notes.txt").read_text() == "mine"


def test_a_metric_says_where_it_belongs(tmp_path):
    file = tmp_path / "mine.yaml"
    wrong = {
        "metric: m.py:score\nrequires: numpy\n": "its requires is 'numpy', expected a list of pinned",
        "metric: m.py:score\nenv: none\n": "no environment 'none'",
        "metric: m.py:score\nenv: a\npython: b\n": "give python or env, not both",
        "command: true {wav}\nrequires: [a==1]\n": "metric goes together with python, env or requires",
        "metric: m.py\npython: /bin/true\n": "expected file.py:Name",
    }
    for text, said in wrong.items():
        file.write_text(text)
        with pytest.raises(ConfigError, match=said):
            load_metric_apart(str(file), {"higher_is_better": True}, "cpu", 5.0)
