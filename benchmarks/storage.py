"""How many requests object storage costs: of clips that are read from there, and of runs that are written there.

``python benchmarks/storage.py`` counts them on moto's server on the loopback address, which counts as S3 would, and
prints the figures of ``docs/storage.md``. Needs the extra ``test``.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
from moto.server import ThreadedMotoServer
from werkzeug.serving import WSGIRequestHandler

from degrade_bench._support import objects
from degrade_bench.corpus.inputs import sources_from
from degrade_bench.corpus.source import identities
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.stored import working

CLIPS, SMALL, SHARDS = 40, 3000, 200
RATE = 8000


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    requests: Counter[str] = Counter()
    log = WSGIRequestHandler.log_request

    def counting(handler: WSGIRequestHandler, code: int | str = "-", size: int | str = "-") -> None:
        requests[handler.command] += 1
        log(handler, code, size)

    WSGIRequestHandler.log_request = counting
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    os.environ.update(
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
        AWS_ACCESS_KEY_ID="a",
        AWS_SECRET_ACCESS_KEY="b",
        AWS_REGION="us-east-1",
    )

    @contextmanager
    def counted(what: str, of: int) -> Iterator[None]:
        requests.clear()
        yield
        told = ", ".join(f"{count / of:.3g} {name}" for name, count in sorted(requests.items()))
        print(f"{what}: {told or 'nothing'}")

    make_bucket(port)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["DEGRADE_BENCH_WORK_DIR"] = scratch
        tone = Path(scratch) / "tone.wav"
        for number in range(CLIPS):
            soundfile.write(tone, 0.1 * np.sin(np.arange((2 + number / 100) * RATE) / 11), RATE)
            objects.write(Path(f"s3://bucket/clips/{number}.wav"), tone)
            objects.write(Path(f"s3://bucket/clips/{number}.beats"), b"0.5\n1.0\n1.5\n")
        for number in range(SMALL):
            objects.write(Path(f"s3://bucket/many/{number}.wav"), b"x" * (number + 1))
        with counted("a clip that is listed", SMALL):
            sources_from([Path("s3://bucket/many")])
        sources, _ = sources_from([Path("s3://bucket/clips")])
        with counted("a clip that is identified at the start", CLIPS):
            identities(sources)
        with counted("a clip that is read", CLIPS):
            for source in sources:
                source.load()
        with (
            counted("a block that is finished", SHARDS),
            working(Path("s3://bucket/run")) as place,
            RunFolder(place) as folder,
        ):
            for _ in range(SHARDS):
                folder.add_shard([])
    server.stop()


def make_bucket(port: int) -> None:
    import pyarrow.fs as filesystems

    options = {"endpoint_override": f"127.0.0.1:{port}", "scheme": "http", "region": "us-east-1"}
    filesystems.S3FileSystem(**options, allow_bucket_creation=True).create_dir("bucket")


if __name__ == "__main__":
    main()
