"""Weights and configurations that are damaged, or made to do harm, are refused in one line."""

from __future__ import annotations

import random

import pytest
import torch

from degrade_bench.errors import MetricError
from degrade_bench.metric.muq_eval.checkpoint import lora_alpha, read_encoder_config, read_state


@pytest.mark.parametrize("zipped", [True, False])
def test_weights_with_flipped_bytes_are_read_or_refused(tmp_path, zipped, recwarn):
    path, refused = tmp_path / "model_state_dict.pt", []
    torch.save({f"a.{i}": torch.zeros(3) for i in range(6)}, path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    for case in range(200):
        rng = random.Random(case)
        damaged = bytearray(whole)
        for _ in range(rng.choice((1, 3, 20))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            read_state(path)
        except MetricError as error:
            refused.append(str(error))
    assert len(refused) > 20
    assert not [text for text in refused if "\n" in text]
    assert not recwarn.list


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '{"w2v2_config": ' + "1" * 5000 + "}",
        '{"stat": NaN}',
        "[]",
        '"\\ud800"',
    ],
    ids=["deep", "huge number", "NaN", "list", "half a surrogate pair"],
)
def test_an_encoder_configuration_that_is_none(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(MetricError, match=r"config\.json .*") as caught:
        read_encoder_config(tmp_path / "config.json")
    assert "\n" not in str(caught.value)


BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in zip("abcdefghij", "bcdefghijk", strict=True)
)


@pytest.mark.parametrize(
    "content",
    ["[" * 5000, BOMB, "model: 3", "model: {lora: [1]}", "- model", "model: {lora: {alpha: 1}}\nmodel: {}", "\x00"],
    ids=["deep", "aliases", "number", "list", "top list", "twice", "binary"],
)
def test_a_training_configuration_that_is_none(tmp_path, content):
    (tmp_path / "config.yaml").write_text(content)
    with pytest.raises(MetricError, match=r"config\.yaml .*") as caught:
        lora_alpha([tmp_path / "config.yaml"])
    assert "\n" not in str(caught.value)
