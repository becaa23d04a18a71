"""Where MuQ-Eval's files come from: the cache, the hub, its pins, and every way in which that can fail."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from huggingface_hub import errors

from degrade_bench._support.files import sha256_of
from degrade_bench.cli import app as cli
from degrade_bench.errors import MetricError, UnknownNameError
from degrade_bench.metric import hub_client
from degrade_bench.metric.catalogue import load_metric
from degrade_bench.metric.identity import identity_note
from degrade_bench.metric.muq_eval import hub
from degrade_bench.metric.muq_eval.metric import MuQEval, MuQEvalA3a
from tests.metric.muq_eval.build import build_checkpoint

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> tuple[Path, Path]:
    return build_checkpoint(tmp_path_factory.mktemp("hub") / "a1")


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    return folder


@pytest.fixture
def reachable(monkeypatch):
    monkeypatch.setattr(hub_client, "unreachable", lambda: None)


@pytest.fixture
def pinned(built, monkeypatch):
    """The small encoder's configuration in the place of the published one."""
    digest = sha256_of(built[1] / "config.json")
    monkeypatch.setattr(hub, "ENCODER", replace(hub.ENCODER, sha256={"config.json": digest}))


def put(
    cache: Path, published: hub.Published, files: dict[str, Path], commit: str, branch: str | None = None
) -> None:
    """Lay files into the cache as the hub's client does."""
    folder = cache / ("models--" + published.repo.replace("/", "--"))
    (folder / "snapshots" / commit).mkdir(parents=True)
    if branch is not None:
        (folder / "refs").mkdir()
        (folder / "refs" / branch).write_text(commit)
    for name, source in files.items():
        shutil.copy(source, folder / "snapshots" / commit / name)


def put_both(cache: Path, built: tuple[Path, Path], variant: str = "a1") -> None:
    published = hub.CHECKPOINTS[variant]
    names = [name for name in (published.file, *published.beside) if (built[0] / name).is_file()]
    put(cache, published, {name: built[0] / name for name in names}, COMMIT, published.revision)
    put(cache, hub.ENCODER, {"config.json": built[1] / "config.json"}, hub.ENCODER.revision)


# -- the cache and its pins ----------------------------------------------------------------------------


def test_cached_files_are_found_at_the_pinned_revision(built, cache, pinned):
    put_both(cache, built)
    assert MuQEval.unavailable({}) is None
    parts = load_metric("muq-eval", {}, "cpu").fingerprint_parts()
    assert parts["checkpoint_revision"] == COMMIT
    assert parts["encoder_revision"] == hub.ENCODER.revision
    assert parts["checkpoint_sha256"] == sha256_of(built[0] / "model_state_dict.pt")
    reason = MuQEval.unavailable({"revision": "f" * 40})
    assert reason is not None
    assert "at revision ffffffffffff is not on this machine" in reason


def test_the_encoder_is_pinned_to_a_commit_and_a_hash():
    assert len(hub.ENCODER.revision) == 40
    assert len(hub.ENCODER.sha256["config.json"]) == 64


def test_a_file_that_is_not_what_was_published_is_refused(built, cache):
    put_both(cache, built)  # the small configuration is not the published one
    with pytest.raises(MetricError, match=r"SHA-256 is \w{64}, expected 237335ee27d8fb95\w{48}; delete /"):
        load_metric("muq-eval", {}, "cpu")
    assert "delete" in str(MuQEval.unavailable({})), "a listing goes on"


def test_a3a_takes_its_training_configuration_from_the_cache(cache, tmp_path, monkeypatch):
    built = build_checkpoint(tmp_path / "a3a", "a3a")
    digest = sha256_of(built[1] / "config.json")
    monkeypatch.setattr(hub, "ENCODER", replace(hub.ENCODER, sha256={"config.json": digest}))
    put_both(cache, built, "a3a")
    assert MuQEvalA3a.unavailable({}) is None
    assert "MuQ-Eval-A1" in str(MuQEval.unavailable({}))
    assert load_metric("muq-eval-a3a", {}, "cpu").fingerprint_parts()["lora_alpha"] == 32


@pytest.mark.parametrize("variant", ["a1", "a3a"])
def test_a_folder_may_hold_a3as_weights_under_either_name_and_a1s_under_one(variant, tmp_path):
    for name in ("best_model.pt", "config.json", "config.yaml"):
        (tmp_path / name).write_bytes(b"")
    found = hub.local_files(variant, tmp_path, tmp_path)
    if variant == "a1":
        assert str(found).endswith("there is no model_state_dict.pt in it")
    else:
        assert found.checkpoint == tmp_path / "best_model.pt"
        (tmp_path / "model_state_dict.pt").write_bytes(b"")
        assert hub.local_files(variant, tmp_path, tmp_path).checkpoint == tmp_path / "model_state_dict.pt"
        assert "no model_state_dict.pt and no best_model.pt in it" in str(hub.local_files(variant, tmp_path.parent))


def test_other_weights_of_a1_than_the_reported_ones_are_worth_a_note_and_no_refusal(built, tmp_path):
    folders = {"checkpoint": str(built[0]), "encoder": str(built[1])}
    note = identity_note(load_metric("muq-eval", folders, "cpu").fingerprint_parts())
    assert f"SHA-256 {sha256_of(built[0] / 'model_state_dict.pt')[:12]}…, there 4163ec9ba81b…" in str(note)
    reported = "4163ec9ba81bc0f7616611804414215220ae46fe1c8ae6fdff3f7919e7d21455"
    assert identity_note({"variant": "a1", "checkpoint_sha256": reported}) is None
    assert identity_note({"variant": "a3a", "checkpoint_sha256": "0" * 64}) is None
    assert identity_note({}) is None


# -- fetching ------------------------------------------------------------------------------------------


class Hub:
    """A hub that answers with files, or with an error."""

    def __init__(self, cache: Path, built: tuple[Path, Path], error: Exception | None = None) -> None:
        self.cache, self.built, self.error, self.asked = cache, built, error, []

    def download(self, repo: str, name: str, revision: str, **named: object) -> str:
        self.asked.append((repo, name, revision))
        if self.error is not None:
            raise self.error
        folder = self.built[1] if repo == hub.ENCODER.repo else self.built[0]
        if not (folder / name).is_file():
            raise errors.EntryNotFoundError("404")
        commit, branch = (revision, None) if len(revision) == 40 else (COMMIT, revision)
        target = self.cache / ("models--" + repo.replace("/", "--")) / "snapshots" / commit / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, target)
        if branch:
            ref = target.parents[2] / "refs" / branch
            ref.parent.mkdir(exist_ok=True)
            ref.write_text(commit)
        return str(target)


def test_fetch_says_the_licence_first_and_at_the_end_what_is_there(
    built, cache, reachable, pinned, monkeypatch, capsys
):
    server = Hub(cache, built)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", server.download)
    lines = []
    for line in hub.fetch("muq-eval"):
        lines.append((line, len(server.asked)))
    text = "\n".join(line for line, _ in lines)
    assert any("CC-BY-NC 4.0" in line and asked == 0 for line, asked in lines), "before anything was asked for"
    assert "1.34 GB" in lines[0][0]
    assert sha256_of(built[0] / "model_state_dict.pt") in text
    assert COMMIT in text
    assert "note: muq-eval: its weights are other ones than another project uses" in text
    assert "degrade-bench run" in lines[-1][0]
    assert {(hub.ENCODER.repo, "config.json", hub.ENCODER.revision)} < set(server.asked)
    assert not any("best_model" in name for _, name, _ in server.asked)
    again = list(hub.fetch("muq-eval"))
    assert "already" in again[0]
    assert len(server.asked) == 2
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert list(hub.fetch("muq-eval")) == again


def test_a_demand_fetches_and_says_the_licence(built, cache, reachable, pinned, monkeypatch, capsys):
    monkeypatch.setattr("huggingface_hub.hf_hub_download", Hub(cache, built).download)
    load_metric("muq-eval", {}, "cpu")
    assert "CC-BY-NC 4.0" in capsys.readouterr().err


def test_a_metric_without_files_to_fetch():
    with pytest.raises(UnknownNameError, match="did you mean 'muq-eval'"):
        list(hub.fetch("muq-evl"))


def answered(kind: type, code: int) -> Exception:
    return kind("no", response=httpx.Response(code, request=httpx.Request("GET", "https://example.org")))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (answered(errors.RevisionNotFoundError, 404), "has no revision 'abc'"),
        (answered(errors.RepositoryNotFoundError, 404), "no repository zhudi2825/MuQ-Eval-A1 that may be read"),
        (answered(errors.GatedRepoError, 403), "asks for a login: `hf auth login`, or set HF_TOKEN"),
        (errors.EntryNotFoundError("404"), "has no model_state_dict.pt at revision 'abc'"),
        (PermissionError(errno.EACCES, "denied"), "cannot be written: set HF_HOME"),
        (OSError(errno.ENOSPC, "No space left on device"), "no room for 1.34 GB"),
        (httpx.ReadTimeout("timed out\nin the middle"), "ReadTimeout: timed out in the middle"),
    ],
)
def test_each_failure_of_a_download_has_its_line(built, cache, reachable, monkeypatch, error, said):
    monkeypatch.setattr("huggingface_hub.hf_hub_download", Hub(cache, built, error).download)
    with pytest.raises(MetricError) as raised:
        load_metric("muq-eval", {"encoder": str(built[1]), "revision": "abc"}, "cpu")
    message = str(raised.value)
    assert said in message
    assert "--set muq-eval.checkpoint=DIR" in message
    assert "\n" not in message


def test_offline_asks_nobody(cache, monkeypatch, capsys):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub_client, "unreachable", lambda: pytest.fail("the network was asked"))
    with pytest.raises(MetricError, match="HF_HUB_OFFLINE is set"):
        load_metric("muq-eval", {}, "cpu")
    assert capsys.readouterr().err == "", "the error is the one line"
    assert "degrade-bench fetch muq-eval" in str(MuQEval.unavailable({}))


def test_a_hub_that_cannot_be_reached_is_asked_once_and_is_one_line(cache, monkeypatch, capsys):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(SystemExit) as ended:
        cli.main(["fetch", "muq-eval"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "the hub cannot be reached" in said


def test_looking_for_files_imports_no_torch():
    code = (
        "import sys, json; from degrade_bench.metric.muq_eval import hub; hub.local_files('a1'); "
        "print(json.dumps([name for name in ('torch', 'transformers', 'muq') if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
