"""``degrade-bench doctor``: on a machine with everything, with nothing, and with what is broken."""

from __future__ import annotations

import json
import shutil
import warnings
from collections import namedtuple
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from degrade_bench.cli import app as cli
from degrade_bench.cli import checks, doctor
from degrade_bench.cli.checks import Finding
from degrade_bench.corpus.builtin import builtin_sources


@pytest.fixture(autouse=True)
def empty_cache_and_a_hub_that_may_be_asked(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)


@pytest.fixture
def installed(monkeypatch) -> dict[str, str | None]:
    """Versions that stand in for those that are installed, by package; None for a package that is not there."""
    versions: dict[str, str | None] = {}
    real = checks.version

    def version(package: str) -> str:
        if package not in versions:
            return real(package)
        if (stated := versions[package]) is None:
            raise PackageNotFoundError(package)
        return stated

    monkeypatch.setattr(checks, "version", version)
    return versions


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(["doctor", *arguments])
    return int(ended.value.code or 0)


def test_here_the_main_job_runs_and_missing_weights_have_their_command(capsys):
    assert run() == 0
    said = capsys.readouterr().out
    for part in ("within their bounds", "torch ", "cores", f"{len(builtin_sources())} clips", "MP3", "GSM"):
        assert part in said
    for command in ("fetch muq-eval", "fetch muq-eval-a3a"):
        assert f"→ degrade-bench {command}\n" in said
    assert said.splitlines()[-1].startswith("ready: degrade-bench run --suite signal,structural --out out")
    assert "muq-eval: not ready" in said.splitlines()[-1]
    assert "Traceback" not in said


def test_json_is_an_array_of_findings(capsys):
    assert run("--json") == 0
    findings = json.loads(capsys.readouterr().out)
    assert [finding["name"] for finding in findings][:2] == ["package", "dependencies"]
    assert all(set(finding) == {"name", "state", "text", "mend", "needed_for"} for finding in findings)
    assert all(finding["mend"] for finding in findings if finding["state"] == "missing")


def test_no_network_is_touched_unless_asked(monkeypatch, capsys):
    from degrade_bench.metric import hub_client

    monkeypatch.setattr(hub_client, "unreachable", lambda: pytest.fail("the network was asked"))
    doctor.examine()
    monkeypatch.setattr(hub_client, "unreachable", lambda: "the hub cannot be reached (Error: no route)")
    found = doctor.examine(online=True)[-1]
    assert (found.name, found.state) == ("hub", "note")
    assert "no route" in found.text


@pytest.mark.parametrize(
    ("absent", "check", "state", "mend"),
    [
        ("torch", checks.torch_itself, "missing", checks.TORCH_PAIR),
        ("torchaudio", checks.torchaudio, "missing", checks.TORCH_PAIR),
        ("pandas", checks.dependencies, "missing", "pip install 'pandas>=2.1'"),
        ("muq", checks.reference_backend, "note", "pip install 'degrade-bench[reference]'"),
    ],
)
def test_a_package_that_is_not_there(installed, absent, check, state, mend):
    installed[absent] = None
    found = check()
    assert (found.state, found.mend) == (state, mend)
    assert f"{absent} not installed" in found.text


def test_a_torch_pair_that_does_not_load(monkeypatch):
    real = checks.importlib.import_module

    def broken(name):
        if name == "torchaudio":
            raise OSError("libc10_cuda.so:\ncannot open shared object file")
        return real(name)

    monkeypatch.setattr(checks.importlib, "import_module", broken)
    found = checks.torchaudio()
    assert found.state == "missing"
    assert "cannot be imported (libc10_cuda.so: cannot open shared object file)" in found.text
    assert doctor.can_run([found]), "damages and the panel do without torchaudio"
    assert "muq-eval: not ready, 1 thing missing" in doctor.conclusion([found])


def test_a_torch_that_does_not_load(monkeypatch):
    def broken(name):
        raise OSError("libcudart.so.13")

    monkeypatch.setattr(checks.importlib, "import_module", broken)
    found = checks.torch_itself()
    assert "cannot be imported (libcudart.so.13)" in found.text
    assert not doctor.can_run([found])
    assert doctor.conclusion([found, found]).startswith("not ready, 2 things missing; muq-eval: not ready")


def test_torch_and_torchaudio_of_two_releases(installed):
    installed |= {"torch": "2.10.0+cu130", "torchaudio": "2.11.0"}
    assert (checks.torchaudio().state, checks.torchaudio().mend) == ("note", checks.TORCH_PAIR)
    installed["torch"] = "2.11.1"
    assert checks.torchaudio().state == "ok"


def test_versions_beyond_their_bounds(installed):
    installed |= {"numpy": "1.0", "scipy": "1.0"}
    found = checks.dependencies()
    assert found.text == "numpy 1.0 is not >=1.26; scipy 1.0 is not >=1.12"
    assert found.mend == "pip install 'numpy>=1.26' 'scipy>=1.12'"
    assert not doctor.can_run([found])


def test_versions_that_muq_does_not_work_with(installed):
    installed |= {"transformers": "5.16.0", "muq": "0.1.0"}
    assert "4.45 to 5.15" in checks.reference_backend().text


def test_a_check_that_breaks_is_a_finding_and_ends_nothing(monkeypatch, capsys):
    def codecs() -> Finding:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(checks, "CHECKS", (checks.package, codecs, checks.cache))
    monkeypatch.setattr(checks, "NEEDED", (codecs,))
    assert run() == 1
    said = capsys.readouterr().out
    assert "broken: RuntimeError: two lines" in said
    assert "→ pip install --force-reinstall --no-deps " in said
    assert "weights' cache" in said


def test_a_codec_that_does_not_work(monkeypatch):
    from degrade_bench.degrade.dsp import codec

    def broken(*arguments):
        raise ValueError("no encoder")

    monkeypatch.setattr(codec, "gsm_round_trip", broken)
    found = checks.codecs()
    assert found.state == "missing"
    assert "GSM (ValueError: no encoder)" in found.text


def test_a_cache_without_room_or_permission(monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 1_000_000))
    assert checks.cache().mend == "export HF_HOME=/another/disk"
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 10**12))
    assert checks.cache().state == "ok"
    monkeypatch.setattr(checks.os, "access", lambda path, mode: False)
    assert "cannot be written" in checks.cache().text
    monkeypatch.undo()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert checks.cache().mend == "unset HF_HUB_OFFLINE"


def test_gpus_are_named(monkeypatch):
    import torch

    properties = namedtuple("properties", "total_memory")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "NVIDIA H100")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: properties(80 * 2**30))
    assert checks.cuda().text == "cuda:0 NVIDIA H100, 80 GiB"


def test_without_a_gpu_a_warning_of_the_driver_is_said_and_no_speed_is_promised(monkeypatch):
    import torch

    def too_old():
        warnings.warn("The NVIDIA driver on your system\nis too old", stacklevel=1)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", too_old)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    found = checks.cuda()
    assert "The NVIDIA driver on your system is too old" in found.text
    assert (found.state, found.mend) == ("note", None)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    assert checks.cuda().mend == f"{checks.TORCH_PAIR} --force-reinstall"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model name : X\nflags\t\t: fpu avx512_bf16 amx_bf16\n", "bfloat16 in hardware (avx512_bf16, amx_bf16)"),
        ("Features\t: fp asimd bf16\n", "bfloat16 in hardware (bf16)"),
        ("flags\t\t: fpu avx2\n", "bfloat16 not in hardware"),
        ("", "is not known here"),
        (None, "is not known here"),
    ],
)
def test_bfloat16_is_read_from_the_processors_flags(monkeypatch, text, said):
    def read_text(path: Path, **_: object) -> str:
        assert path == Path("/proc/cpuinfo")
        if text is None:
            raise FileNotFoundError(path)
        return text

    monkeypatch.setattr(Path, "read_text", read_text)
    assert said in checks.processor().text


def test_a_package_that_is_missing_is_mended_by_what_pip_can_do(monkeypatch):
    def corpus() -> Finding:
        raise ModuleNotFoundError("No module named 'soundfile'")

    monkeypatch.setattr(checks, "CHECKS", (corpus,))
    assert doctor.examine()[0].mend == "pip install degrade-bench"
