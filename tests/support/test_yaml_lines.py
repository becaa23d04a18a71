"""YAML that stands for more than it holds, that ends nowhere, or that is no file: a line, at once."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from degrade_bench._support.yaml_lines import MOST_NODES, LinedYaml
from degrade_bench.errors import ConfigError

STEPS = range(1, 30)

BOMBS = {
    "lists": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in STEPS),
    "mappings": "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{l: *a{n - 1}, r: *a{n - 1}}}\n" for n in STEPS),
    "merge keys": "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in STEPS),
    "keys": "a0: &a0 [x]\n" + "".join(f"? &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n: 1\n" for n in STEPS),
    "a list within itself": "a: &a [*a]\n",
    "a mapping within itself": "&a\nb: {c: *a}\n",
    "merged with itself": "a: &a {<<: *a}\n",
    "flow lists": "[" * 100_000,
    "flow mappings": "{a: " * 100_000,
    "block lists": "- " * 100_000,
    "a chain of aliases": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 2000)),
    "many values": "[" + "1," * 400_000 + "]",
    "many megabytes": "a: " + "x" * (2 << 20),
    "digits": "a: 0x" + "f" * 5000,
    "degrees": "a: 1" + ":59" * 300_000 + ".5",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_stands_for_too_much_is_refused_at_once(tmp_path, bomb):
    path = tmp_path / "bomb.yaml"
    path.write_text(BOMBS[bomb])
    begun = time.process_time()
    with pytest.raises(ConfigError) as caught:
        LinedYaml(path)
    assert time.process_time() - begun < 15
    message = str(caught.value)
    assert "bomb.yaml" in message
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    "value", ["!!int ''", "!!timestamp x", "!!bool x", "!!float ''", "!!python/name:os.system", "[,]"]
)
def test_values_that_are_none_are_told_with_their_line(tmp_path, value):
    path = tmp_path / "a.yaml"
    path.write_text(f"a: 1\nb: {value}\n")
    with pytest.raises(ConfigError, match=r"a\.yaml, line 2: "):
        LinedYaml(path)


def test_a_pipe_a_device_and_a_folder_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "folder.yaml").mkdir()
    for name, kind in {"pipe": "named pipe", "zero": "device", "folder": "directory"}.items():
        with pytest.raises(ConfigError, match=kind):
            LinedYaml(tmp_path / f"{name}.yaml")


def test_ordinary_aliases_and_merge_keys_are_read(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a, *a]\nd: " + "[" * 40 + "]" * 40 + "\n")
    data = LinedYaml(path).data
    assert data["b"] == {"x": 1, "y": 3}
    assert data["c"] == [{"x": 1, "y": 2}] * 2


@given(st.lists(st.lists(st.integers(0, 12), max_size=6), min_size=1, max_size=13))
def test_what_is_read_holds_no_more_than_is_allowed(tmp_path_factory, links):
    lines = [
        f"- &n{n} [{', '.join(f'*n{link}' if link < n else str(link) for link in inside)}]"
        for n, inside in enumerate(links)
    ]
    path = tmp_path_factory.mktemp("yaml") / "a.yaml"
    path.write_text("\n".join(lines))
    sizes: list[int] = []
    for n, inside in enumerate(links):
        sizes.append(1 + sum(sizes[link] if link < n else 1 for link in inside))
    if 1 + sum(sizes) <= MOST_NODES:
        assert _count(LinedYaml(path).data) == 1 + sum(sizes)
    else:
        with pytest.raises(ConfigError, match="values"):
            LinedYaml(path)


def _count(value: object) -> int:
    return 1 + (sum(map(_count, value)) if isinstance(value, list) else 0)
