"""Requests from options, files and defaults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from degrade_bench.errors import ConfigError
from degrade_bench.sweep.config import make_config


def test_options_win_over_the_file_and_the_file_over_the_defaults(tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text(
        "suite: signal,structural\nseed: 7\nlevels: [1, 3]\nlimit-clips: 4\nout: there\n"
        "input: [music, a.wav]\n"
        "set: {muq-eval: {checkpoint: here, hop-seconds: 3, revision: '007'}}\n"
    )
    options = {"seed": 8, "set": {"muq-eval": {"checkpoint": "elsewhere"}}, "replicates": None}
    config = make_config(options, file, defaults={"workers": 2, "seed": 9})
    assert config.suite == ("signal", "structural")
    assert (config.seed, config.levels, config.limit_clips, config.replicates) == (8, (1, 3), 4, 1)
    assert config.workers == 2
    assert config.out == tmp_path / "there"  # paths in a file are meant from where it lies
    assert config.input == (tmp_path / "music", tmp_path / "a.wav")
    assert config.set == {"muq-eval": {"checkpoint": "elsewhere", "hop_seconds": 3, "revision": "007"}}


def test_names_are_split_at_commas_and_paths_are_not():
    config = make_config({"out": "o", "suite": ["signal,structural", "control"], "input": [Path("a,b.wav")]})
    assert config.suite == ("signal", "structural", "control")
    assert config.input == (Path("a,b.wav"),)
    assert make_config({"out": "o", "suite": "signal", "levels": "5,1,1"}).levels == (1, 5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"levels": "0,1"}, "--levels '0,1': levels go from 1 to 5"),
        ({"levels": "x"}, "--levels"),
        ({"replicates": 0}, "--replicates 0"),
        ({"limit_clips": 0}, "--limit-clips 0"),
        ({"device": "tpu"}, "--device 'tpu'"),
        ({"seed": -1}, "--seed -1"),
        ({"workers": 0}, "--workers 0"),
        ({"batch_size": "many"}, "--batch-size 'many'"),
    ],
)
def test_a_wrong_option_is_named_with_its_value_in_one_line(options, said):
    with pytest.raises(ConfigError) as refused:
        make_config({"out": "o", "suite": "signal", **options})
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_needed_is_asked_for():
    with pytest.raises(ConfigError, match="give --out DIR"):
        make_config({"suite": "signal"})
    with pytest.raises(ConfigError, match="give --suite signal,structural"):
        make_config({"out": "o"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("suit: signal\n", "unknown option 'suit'; did you mean 'suite'"),
        ("seed: [1\n", "line 2"),
        ("- signal\n", "expected option: value pairs"),
        ("seed: many\n", "seed 'many'"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path, text, said):
    file = tmp_path / "run.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as refused:
        make_config({"out": "o", "suite": "signal"}, file)
    assert str(file) in str(refused.value)
    assert said in str(refused.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        make_config({"out": "o"}, tmp_path / "none.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        make_config({"out": "o"}, binary)
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    assert make_config({"out": "o", "suite": "signal"}, empty).seed == 0


def test_settings_keep_their_types_and_the_record_of_them_is_json(tmp_path):
    given = {"mm": {"whole": 2, "real": 0.5, "flag": True, "none": None, "path": Path("a"), "odd": object}}
    config = make_config({"out": "o", "suite": "signal", "set": given})
    assert config.set == given
    stored = config.model_dump(mode="json")["set"]["mm"]
    assert stored == {"whole": 2, "real": 0.5, "flag": True, "none": None, "path": "a", "odd": str(object)}
    json.dumps(stored)


@pytest.mark.parametrize("text", ["set: 3\n", "set: {mm: 3}\n"])
@pytest.mark.parametrize("options", [{}, {"set": {"mm": {"k": 1}}}])
def test_settings_of_another_shape_are_refused(tmp_path, text, options):
    file = tmp_path / "run.yaml"
    file.write_text(text)
    if options and text == "set: 3\n":
        assert make_config({"out": "o", "suite": "signal", **options}, file).set == options["set"]
        return
    with pytest.raises(ConfigError, match="set"):
        make_config({"out": "o", "suite": "signal", **options}, file)
