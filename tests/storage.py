"""An S3-compatible server on the loopback address, for tests; its objects stay while it is stopped."""

from __future__ import annotations

import itertools
import logging
import threading
from pathlib import Path

import pytest

from degrade_bench._support import object_server, objects
from degrade_bench._support.addresses import key_of

NUMBERS = itertools.count()


class Server:
    """moto's server; ``stop`` and ``start`` keep the port and the objects."""

    def __init__(self):
        self.port = 0
        self.start()

    def start(self):
        from moto.server import ThreadedMotoServer

        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]

    def stop(self):
        self._server.stop()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def new_bucket(self) -> Path:
        import pyarrow.fs as filesystems

        name = f"bucket{next(NUMBERS)}"
        options = {"endpoint_override": f"127.0.0.1:{self.port}", "scheme": "http", "region": "us-east-1"}
        filesystems.S3FileSystem(**options, allow_bucket_creation=True).create_dir(name)
        return Path(f"s3://{name}")


@pytest.fixture(scope="module")
def server():
    patch = pytest.MonkeyPatch()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    for name, value in {"ACCESS_KEY_ID": "anybody", "SECRET_ACCESS_KEY": "anything", "REGION": "us-east-1"}.items():
        patch.setenv(f"AWS_{name}", value)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    running = Server()
    patch.setenv("AWS_ENDPOINT_URL", running.endpoint)
    yield running
    running.stop()
    patch.undo()


@pytest.fixture
def bucket(server, tmp_path, monkeypatch) -> Path:
    """The address of a new bucket; work is done below ``tmp_path``."""
    monkeypatch.setenv("DEGRADE_BENCH_WORK_DIR", str(tmp_path / "work"))
    monkeypatch.setenv("DEGRADE_BENCH_STORE_PATIENCE", "20")
    monkeypatch.setattr(object_server, "_waited_in_vain", threading.Event())
    return server.new_bucket()


def contents(folder: Path) -> dict[str, bytes]:
    """Every object below an address, by its name relative to it."""
    length = len(key_of(folder)) + 1
    return {key_of(one.path)[length:]: objects.read(one.path, 1 << 30) for one in objects.listed(folder, deep=True)}


def put(folder: Path, **named: bytes) -> None:
    """Write objects; ``__`` in a name stands for a slash, and ``_`` for a dot."""
    for name, content in named.items():
        objects.write(folder / name.replace("__", "/").replace("_", "."), content)
