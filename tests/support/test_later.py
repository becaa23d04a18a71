"""Imports that wait: who gets a stand-in, and what it does when it is used."""

from __future__ import annotations

import builtins
import importlib
import sys

import pytest

from degrade_bench._support.later import imported_later

FILES = {
    "slow_library.py": "VALUE = 1\ndef double(x):\n    return 2 * x\n",
    "tools/__init__.py": "",
    "tools/first.py": "import slow_library\ndef four():\n    return slow_library.double(2)\n",
    "tools/second.py": "import slow_library as library\nfrom tools import first\n",
    "tools/uses.py": "import slow_library\nNEXT = slow_library.VALUE + 1\n",
    "tools/takes.py": "from slow_library import VALUE\n",
    "others.py": "import slow_library\n",
}


@pytest.fixture(autouse=True)
def packages(tmp_path, monkeypatch):
    (tmp_path / "tools").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def imported(name):
    with imported_later("slow_library", within="tools"):
        return importlib.import_module(name)


def test_a_module_is_loaded_when_something_of_it_is_used():
    second = imported("tools.second")
    assert "slow_library" not in sys.modules
    assert second.first.four() == 4
    library = sys.modules["slow_library"]
    library.VALUE = 5
    assert second.library.VALUE == 5
    with pytest.raises(AttributeError, match="slow_library"):
        _ = second.library.nothing


@pytest.mark.parametrize("name", ["tools.uses", "tools.takes", "others"])
def test_what_is_used_at_once_or_by_others_is_loaded_at_once(name):
    imported(name)
    assert "slow_library" in sys.modules


def test_what_is_loaded_already_needs_no_stand_in():
    library = importlib.import_module("slow_library")
    assert imported("tools.first").slow_library is library


def test_importing_is_as_before_after_the_block():
    before = builtins.__import__
    with pytest.raises(ZeroDivisionError), imported_later("slow_library", within="tools"):
        raise ZeroDivisionError
    assert builtins.__import__ is before
    first = importlib.import_module("tools.first")
    assert first.slow_library is sys.modules["slow_library"]
