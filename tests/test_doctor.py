"""``degrade-bench doctor``: on a machine with everything, with nothing, and with what is broken."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple

import pytest

from degrade_bench import cli, doctor
from degrade_bench.doctor import Finding


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(["doctor", *arguments])
    return int(ended.value.code or 0)


def test_here_the_main_job_runs_and_missing_weights_have_their_command(capsys):
    assert run() == 0
    said = capsys.readouterr().out
    for part in ("torch 2.", "cores, bfloat16", "14 clips", "MP3", "GSM", "→ degrade-bench fetch muq-eval\n",
                 "→ degrade-bench fetch muq-eval-a3a\n"):  # fmt: skip
        assert part in said
    assert said.splitlines()[-1].startswith("ready: degrade-bench run --suite signal,structural --out out")
    assert "muq-eval: not ready" in said.splitlines()[-1]
    assert "Traceback" not in said


def test_json_is_an_array_of_findings(capsys):
    assert run("--json") == 0
    findings = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in findings][:2] == ["package", "torch and torchaudio"]
    assert all(set(each) == {"name", "state", "text", "mend", "needed_for"} for each in findings)
    assert all(each["mend"] for each in findings if each["state"] == "missing")


def test_no_network_is_touched_unless_asked(monkeypatch, capsys):
    from degrade_bench.metric.muq_eval import hub

    monkeypatch.setattr(hub, "unreachable", lambda: pytest.fail("the network was asked"))
    doctor.examine()
    monkeypatch.setattr(hub, "unreachable", lambda: "the hub cannot be reached (Error: no route)")
    found = doctor.examine(online=True)[-1]
    assert (found.name, found.state) == ("hub", "note")
    assert "no route" in found.text


@pytest.mark.parametrize(
    ("absent", "check", "state", "mend"),
    [
        ("torchaudio", doctor.torch_and_torchaudio, "missing", doctor.TORCH_PAIR),
        ("muq", doctor.reference_backend, "note", "pip install 'degrade-bench[reference]'"),
    ],
)
def test_a_package_that_is_not_there(monkeypatch, absent, check, state, mend):
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == absent else real(name))
    found = check()
    assert (found.state, found.mend) == (state, mend)
    assert f"{absent} not installed" in found.text


def test_a_torch_pair_that_does_not_load(monkeypatch):
    real = doctor.importlib.import_module

    def broken(name):
        if name == "torchaudio":
            raise OSError("libc10_cuda.so:\ncannot open shared object file")
        return real(name)

    monkeypatch.setattr(doctor.importlib, "import_module", broken)
    found = doctor.torch_and_torchaudio()
    assert found.state == "missing"
    assert "cannot be imported (libc10_cuda.so: cannot open shared object file)" in found.text
    assert not doctor.can_run([found])
    assert doctor.conclusion([found]).startswith("not ready")


def test_versions_that_muq_does_not_work_with(monkeypatch):
    real = doctor._version
    monkeypatch.setattr(
        doctor, "_version", lambda name: "5.16.0" if name == "transformers" else real(name) or "0.1.0"
    )
    assert "4.45 to 5.15" in doctor.reference_backend().text


def test_a_check_that_breaks_is_a_finding_and_ends_nothing(monkeypatch, capsys):
    def codecs() -> Finding:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(doctor, "CHECKS", (doctor.package, codecs, doctor.cache))
    monkeypatch.setattr(doctor, "NEEDED", (codecs,))
    assert run() == 1
    said = capsys.readouterr().out
    assert "broken: RuntimeError: two lines" in said
    assert "weights' cache" in said


def test_a_codec_that_does_not_work(monkeypatch):
    from degrade_bench.degrade import codec

    def broken(*arguments):
        raise ValueError("no encoder")

    monkeypatch.setattr(codec, "gsm_round_trip", broken)
    found = doctor.codecs()
    assert found.state == "missing"
    assert "GSM (ValueError: no encoder)" in found.text


def test_a_cache_without_room_or_permission(monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 1_000_000))
    assert doctor.cache().mend == "export HF_HOME=/another/disk"
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 10**12))
    assert doctor.cache().state == "ok"
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    assert "cannot be written" in doctor.cache().text
    monkeypatch.undo()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert doctor.cache().mend == "unset HF_HUB_OFFLINE"


def test_gpus_are_named(monkeypatch):
    import torch

    properties = namedtuple("properties", "total_memory")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "NVIDIA H100")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: properties(80 * 2**30))
    assert doctor.cuda().text == "cuda:0 NVIDIA H100, 80 GiB"
