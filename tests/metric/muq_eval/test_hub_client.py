"""Fetching through the hub's own client, from a small hub on this machine: what it really raises and writes."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from degrade_bench.cli import app as cli
from degrade_bench.errors import MetricError
from degrade_bench.metric.muq_eval import hub

FIRST, SECOND = "1" * 40, "2" * 40
WEIGHTS, A3A = "zhudi2825/MuQ-Eval-A1", "zhudi2825/MuQ-Eval"


class SmallHub:
    """Answers as the hub does for the files of a few repositories.

    Attributes:
        files: bytes by repository, commit and name.
        branches: the commit of ``main`` by repository.
        failures: status and error code to give instead, by name of a file.
        cut_off: names of files that end in the middle.
        asked: every request.
    """

    def __init__(self) -> None:
        encoder = {"config.json": b'{"the": "encoder"}'}
        self.files: dict[str, dict[str, dict[str, bytes]]] = {
            WEIGHTS: {FIRST: {"model_state_dict.pt": b"weights"}, SECOND: {"model_state_dict.pt": b"others"}},
            A3A: {FIRST: {"model_state_dict.pt": b"weights", "config.yaml": b"model: {lora: {alpha: 32}}"}},
            hub.ENCODER.repo: {hub.ENCODER.revision: encoder},
        }
        self.branches = {WEIGHTS: FIRST, A3A: FIRST}
        self.failures: dict[str, tuple[int, str]] = {}
        self.cut_off: set[str] = set()
        self.asked: list[str] = []
        self.after_each = lambda: None

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(f"{handler.command} {handler.path}")
        owner_and_name, _, rest = handler.path.strip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        commits = self.files.get(owner_and_name)
        commit = self.branches.get(owner_and_name, "") if revision == "main" else revision
        if not rest:
            self.send(handler, 200, {})
        elif commits is None:
            self.send(handler, 404, {"X-Error-Code": "RepoNotFound"})
        elif name in self.failures:
            status, code = self.failures[name]
            self.send(handler, status, {"X-Error-Code": code})
        elif commit not in commits:
            self.send(handler, 404, {"X-Error-Code": "RevisionNotFound"})
        elif name not in commits[commit]:
            self.send(handler, 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
        else:
            content = commits[commit][name]
            headers = {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
            self.send(handler, 200, headers, content, cut_off=name in self.cut_off)
        self.after_each()

    def send(
        self,
        handler: BaseHTTPRequestHandler,
        status: int,
        headers: dict[str, str],
        content: bytes = b"",
        cut_off: bool = False,
    ) -> None:
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(content[: len(content) // 2] if cut_off else content)


@pytest.fixture
def small_hub(tmp_path, monkeypatch):
    """A small hub, the client's only one, and an empty cache; the encoder's pin is that of its file."""
    served = SmallHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def do_HEAD(self) -> None:
            served.answer(self)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    digest = hashlib.sha256(served.files[hub.ENCODER.repo][hub.ENCODER.revision]["config.json"]).hexdigest()
    monkeypatch.setattr(hub, "ENCODER", replace(hub.ENCODER, sha256={"config.json": digest}))
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def refusal(variant: str = "a1", **settings: str) -> str:
    with pytest.raises(MetricError) as raised:
        hub.fetched_files(variant, **settings)
    message = str(raised.value)
    assert "\n" not in message
    assert "--set muq-eval" in message
    return message


def test_fetched_files_are_those_of_the_hub_and_are_not_fetched_twice(small_hub, monkeypatch):
    files = hub.fetched_files("a1")
    assert files.checkpoint.read_bytes() == b"weights"
    assert files.encoder.read_bytes() == b'{"the": "encoder"}'
    assert files.revisions == (FIRST, hub.ENCODER.revision), "a branch is recorded as the commit that it stood for"
    asked = len(small_hub.asked)
    assert hub.fetched_files("a1") == files
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert hub.fetched_files("a1") == files
    assert len(small_hub.asked) == asked
    assert not any("best_model" in request for request in small_hub.asked)


def test_another_revision_is_fetched_beside_the_first(small_hub):
    hub.fetched_files("a1")
    other = hub.fetched_files("a1", revision=SECOND)
    assert other.checkpoint.read_bytes() == b"others"
    assert other.revisions[0] == SECOND
    assert hub.fetched_files("a1").checkpoint.read_bytes() == b"weights"


def test_a3a_comes_with_its_training_configuration_where_there_is_one(small_hub):
    """This repository has no base.yaml, and that is known from then on."""
    files = hub.fetched_files("a3a")
    assert [path.name for path in files.configs] == ["config.yaml"]
    asked = len(small_hub.asked)
    assert hub.fetched_files("a3a") == files
    assert len(small_hub.asked) == asked


def test_a3as_weights_are_taken_under_the_name_that_its_card_gives_where_the_other_is_not_there(small_hub):
    published = small_hub.files[A3A]
    published[FIRST]["best_model.pt"] = b"a checkpoint"
    assert hub.fetched_files("a3a").checkpoint.name == "model_state_dict.pt"
    assert not any("best_model" in request for request in small_hub.asked)
    published[SECOND] = {"config.yaml": b"model: {}", "best_model.pt": b"a checkpoint"}
    files = hub.fetched_files("a3a", revision=SECOND)
    assert files.checkpoint.read_bytes() == b"a checkpoint"
    assert (files.checkpoint.name, files.revisions[0]) == ("best_model.pt", SECOND)
    asked = len(small_hub.asked)
    assert hub.fetched_files("a3a", revision=SECOND) == files
    assert len(small_hub.asked) == asked
    published["3" * 40] = {"config.yaml": b"model: {}"}
    assert "has no model_state_dict.pt and no best_model.pt at revision" in refusal("a3a", revision="3" * 40)


def test_weights_alone_are_not_all_of_a3a(small_hub):
    from huggingface_hub import hf_hub_download

    hf_hub_download(A3A, "model_state_dict.pt")
    hf_hub_download(hub.ENCODER.repo, "config.json", revision=hub.ENCODER.revision)
    assert "is not on this machine" in str(hub.local_files("a3a"))
    assert [path.name for path in hub.fetched_files("a3a").configs] == ["config.yaml"]


def test_all_files_of_a_repository_are_of_one_commit(small_hub):
    """The branch moves while they are fetched."""
    small_hub.files[A3A][SECOND] = {"model_state_dict.pt": b"newer", "config.yaml": b"model: {lora: {alpha: 8}}"}

    def move() -> None:
        if any(request.startswith("GET") and request.endswith("config.yaml") for request in small_hub.asked):
            small_hub.branches[A3A] = SECOND

    small_hub.after_each = move
    files = hub.fetched_files("a3a")
    assert small_hub.branches[A3A] == SECOND
    assert b"alpha: 32" in files.configs[0].read_bytes()
    assert files.checkpoint.read_bytes() == b"weights"
    assert files.revisions[0] == FIRST


def test_a_wrong_file_of_a_pinned_revision_is_mended_as_it_says(small_hub):
    files = hub.fetched_files("a1")
    files.encoder.resolve().write_bytes(b"damaged")
    message = str(hub.local_files("a1"))
    assert hub.ENCODER.sha256["config.json"] in message
    assert hashlib.sha256(b"damaged").hexdigest() in message
    with pytest.raises(MetricError) as raised:
        hub.fetched_files("a1")
    assert str(raised.value) == f"muq-eval: {message}"
    to_delete = Path(message.split("delete ")[1].split(" and run")[0])
    to_delete.unlink()
    assert hub.fetched_files("a1").encoder.read_bytes() == b'{"the": "encoder"}'


def test_a_wrong_revision(small_hub):
    assert "zhudi2825/MuQ-Eval-A1 has no revision 'nonesuch'" in refusal(revision="nonesuch")


def test_a_repository_that_is_not_there(small_hub):
    del small_hub.files[WEIGHTS]
    assert "no repository zhudi2825/MuQ-Eval-A1" in refusal()


def test_a_gated_repository(small_hub):
    small_hub.failures["model_state_dict.pt"] = (403, "GatedRepo")
    assert "hf auth login" in refusal()


def test_a_file_that_is_not_there(small_hub):
    del small_hub.files[WEIGHTS][FIRST]["model_state_dict.pt"]
    assert "has no model_state_dict.pt at revision 'main'" in refusal()


def test_a_hub_that_fails_is_not_taken_for_a_file_that_is_missing(small_hub):
    small_hub.failures["config.yaml"] = (418, "")
    message = refusal("a3a")
    assert "cannot be fetched" in message
    assert "418" in message
    assert "has no config.yaml" not in message


def test_a_download_that_is_cut_off_leaves_no_file_and_can_be_asked_for_again(small_hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)  # between its five tries
    small_hub.cut_off.add("config.json")
    assert "cannot be fetched" in refusal()
    assert isinstance(hub.local_files("a1"), str)
    small_hub.cut_off.clear()
    assert hub.fetched_files("a1").encoder.read_bytes() == b'{"the": "encoder"}'


def test_a_cache_that_cannot_be_written(small_hub, tmp_path):
    (tmp_path / "cache").write_text("no folder")
    assert "HF_HOME" in refusal()


def test_the_command_says_licence_size_and_place_first_then_files_and_the_next_step(small_hub, tmp_path, capsys):
    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["fetch", *arguments])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    code, out, _ = call("muq-eval-a3a")
    assert code == 0
    first = out[: out.index(FIRST)]
    for part in ("CC-BY-NC 4.0", "1.34 GB", str(tmp_path / "cache")):
        assert part in first
    for content in (b"weights", b"model: {lora: {alpha: 32}}", b'{"the": "encoder"}'):
        assert hashlib.sha256(content).hexdigest() in out
    assert out.splitlines()[-1].startswith("next: degrade-bench run ")
    code, out, _ = call("muq-eval-a3a")
    assert code == 0
    assert "already" in out.splitlines()[0]
    code, out, err = call("muq-eval", "--revision", "nonesuch")
    assert (code, err.count("\n")) == (2, 1), err
    assert "CC-BY-NC 4.0" in out
