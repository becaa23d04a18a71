"""Copies of signals on a device: made once, given up when the signal changes or ends."""

from __future__ import annotations

import gc

import pytest
import torch

from degrade_bench._support import accelerator
from degrade_bench._support.accelerator import device_at_work, on_device, on_processor, scaled, working_on


@pytest.fixture
def device(monkeypatch):
    """One that has shapes and no numbers: what is sent there, and when, can be seen without a GPU."""
    monkeypatch.setattr(accelerator, "_device", torch.device("meta"))


def test_without_a_device_nothing_is_copied():
    samples = torch.ones(2, 8)
    with working_on("cpu"):
        assert device_at_work() is None
        assert on_device(samples) is samples
        assert on_processor(samples) is samples
        assert torch.equal(scaled(samples, 0.5), samples * 0.5)


def test_a_signal_is_sent_once(device):
    samples = torch.ones(2, 8)
    copy = on_device(samples)
    assert copy.device.type == "meta"
    assert on_device(samples) is copy
    assert on_device(copy) is copy


def test_what_is_written_to_is_sent_again(device):
    samples = torch.ones(2, 8)
    copy = on_device(samples)
    samples[0, 0] = 3.0
    assert on_device(samples) is not copy


def test_a_part_of_a_signal_is_a_part_of_its_copy(device):
    samples = torch.ones(2, 80)
    copy = on_device(samples)
    part = on_device(samples[1:, 10:50])
    assert part._base is copy
    assert (part.shape, part.stride(), part.storage_offset()) == ((1, 40), (80, 1), 90)


def test_a_scaled_signal_has_a_copy_where_the_signal_has_one(device):
    sent, unsent = torch.ones(2, 8), torch.ones(2, 8)
    on_device(sent)
    louder, other = scaled(sent, 2.0), scaled(unsent, 2.0)
    assert len([True for signal in (louder, other) if signal in accelerator._copies()]) == 1
    assert louder in accelerator._copies()


def test_a_copy_ends_with_its_signal(device):
    samples = torch.ones(2, 8)
    on_device(samples)
    before = len(accelerator._copies())
    del samples
    gc.collect()
    assert len(accelerator._copies()) == before - 1


def test_another_device_has_copies_of_its_own(device, monkeypatch):
    samples = torch.ones(2, 8)
    on_device(samples)
    monkeypatch.setattr(accelerator, "_device", torch.device("cpu"))
    assert on_device(samples).device.type == "cpu"


def test_the_device_is_at_work_until_the_block_ends():
    seen = []

    def failing():
        with working_on("meta"):
            seen.append(device_at_work())
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    assert seen == [torch.device("meta")]
    assert device_at_work() is None
