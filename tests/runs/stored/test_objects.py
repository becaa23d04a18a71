"""An object is written whole or not at all."""

from __future__ import annotations

import errno
import gc
import io
import os
import signal
import time
from pathlib import Path

import pyarrow
import pytest

from degrade_bench._support import objects
from degrade_bench.runs.stored import contents


class Failing(io.BytesIO):
    """A file whose second block cannot be read."""

    def read(self, size=-1):
        if self.tell():
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size)


def test_an_object_stays_where_its_successor_cannot_be_read_to_the_end(bucket, monkeypatch):
    objects.write(bucket / "song", b"whole")
    monkeypatch.setattr(objects, "BLOCK_BYTES", 10)
    monkeypatch.setattr(objects, "open", lambda *arguments: Failing(bytes(100)), raising=False)
    with pytest.raises(OSError, match="Input/output error"):
        objects.write(bucket / "song", bucket)
    monkeypatch.undo()
    gc.collect()
    assert objects.read(bucket / "song", 1000) == b"whole"


def test_an_interruption_while_it_is_written_is_raised_once_it_is_written(bucket, monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(bytes(100))

    class Interrupting(io.FileIO):
        def read(self, size=-1):
            if self.tell() == 50:
                os.kill(os.getpid(), signal.SIGINT)
            return super().read(10)

    objects.write(bucket / "song", b"before")
    monkeypatch.setattr(objects, "open", lambda path, mode: Interrupting(path), raising=False)
    with pytest.raises(KeyboardInterrupt):
        objects.write(bucket / "song", tmp_path / "file")
    monkeypatch.undo()
    assert objects.read(bucket / "song", 1000) == bytes(100)


def test_every_error_of_the_library_is_a_reason():
    with pytest.raises(objects.ObjectError, match="not a valid"), objects.reasons(Path("s3://bucket/a")):
        raise pyarrow.ArrowInvalid("not a valid\npath")


def test_who_will_not_wait_for_many_waits_for_few(monkeypatch):
    done = []

    def interrupted(futures):
        raise KeyboardInterrupt

    monkeypatch.setattr(contents, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        contents.several(lambda name: time.sleep(0.01) or done.append(name), map(str, range(1000)))
    assert len(done) < 500
