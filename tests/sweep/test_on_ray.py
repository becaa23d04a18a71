"""A sweep on a Ray cluster: three nodes on this machine, one of them lost on the way."""

from __future__ import annotations

import signal

import pyarrow.compute as pc
import pytest

from degrade_bench.bench.job import run
from degrade_bench.errors import ConfigError
from degrade_bench.metric.catalogue import load_metric_apart
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.scores import read_table
from degrade_bench.sweep.config import RunConfig
from degrade_bench.sweep.execute import execute
from degrade_bench.sweep.on_ray.cluster import Cluster, joined
from degrade_bench.sweep.on_ray.engine import RayEngine, device_of
from degrade_bench.sweep.on_ray.messages import Recipe
from degrade_bench.sweep.progress import Progress
from tests.sweep import toys
from tests.sweep.test_execute import comparable, make_sweep

ray = pytest.importorskip("ray")

QUICK_TO_NOTICE = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}
NODE = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 150 * 2**20}


class Gauge(toys.Length):
    """What a device of the cluster scores: the number of samples, and the sum of their magnitudes."""

    name, window_seconds = "gauge", None

    def score(self, batch, sample_rate, reference=None):
        return batch.abs().sum(dim=(1, 2)).double() + batch.shape[2]


def table_of(path, sweep, engine=None, progress=None):
    with RunFolder(path) as folder:
        given = {} if engine is None else {"engine": engine}
        return comparable(execute(sweep, folder, progress, **given).table)


@pytest.fixture
def three_nodes():
    from ray.cluster_utils import Cluster as Nodes

    nodes = Nodes(initialize_head=True, head_node_args={**NODE, "_system_config": QUICK_TO_NOTICE})
    others = [nodes.add_node(**NODE) for _ in range(2)]
    yield nodes, others
    ray.shutdown()
    nodes.shutdown()


def test_the_table_is_the_local_one_bit_for_bit_also_where_a_node_and_workers_are_lost(
    tmp_path, three_nodes, monkeypatch
):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # devices are started with it
    nodes, others = three_nodes
    handler = signal.getsignal(signal.SIGTERM)
    cluster = joined(nodes.address)
    assert cluster == Cluster(nodes=3, processors=3, devices=0)
    assert signal.getsignal(signal.SIGTERM) is handler
    gauge = load_metric_apart(f"{__name__}:Gauge", {}, "cpu")
    engine = RayEngine(cluster, {"gauge": Recipe(f"{__name__}:Gauge", {}, "cpu", None, gauge.fingerprint())})
    sweep = make_sweep(
        sources=toys.toy_sources(6),
        degradations=(toys.ToyNoise(), toys.ToyStretch(), toys.ToyKiller(), toys.ToyGain()),
        metrics=(toys.Rms(), gauge, toys.Centred("here", light=False)),
        workers=3,
    )
    expected = table_of(tmp_path / "local", sweep)

    asked = {"degradation": "white_noise", "limit_clips": 2, "levels": [1], "metric": "loudness"}
    here = run(RunConfig(out=tmp_path / "here", **asked))
    there = run(RunConfig(out=tmp_path / "there", **asked, engine="ray", ray_address=nodes.address))
    tables = [comparable(read_table(tmp_path / out / "scores.parquet")) for out in ("here", "there")]
    assert tables[0].equals(tables[1])
    assert [made.record["request"]["engine"] for made in (here, there)] == ["local", "ray"]
    assert there.record["request"]["workers"] == 3
    assert there.record["device"] == "Ray cluster (3 nodes, 3 processors)"

    stored = []

    def lose_a_node(cells):
        stored.append(cells)
        if len(stored) == 3:  # work has begun everywhere: the first blocks of the first clips are stored
            nodes.remove_node(others[1], allow_graceful=False)

    table = table_of(tmp_path / "ray", sweep, engine, Progress(advanced=lose_a_node))
    failed = pc.equal(table["status"], "failed")
    assert table.filter(pc.invert(failed)).equals(expected.filter(pc.invert(failed)))
    lost = table.filter(failed)
    assert lost.drop_columns(["error"]).equals(expected.filter(failed).drop_columns(["error"]))
    assert set(lost["clip_id"].to_pylist()) == {"c1"}
    assert all("died twice" in error for error in lost["error"].to_pylist())
    assert len(stored) >= 3, "a node was lost"


def test_no_cluster_is_one_line():
    with pytest.raises(ConfigError, match="no cluster answers there"):
        joined("127.0.0.1:1")
    with pytest.raises(ConfigError, match="run on a node of the cluster"):
        joined("ray://somewhere:10001")


@pytest.mark.parametrize(
    ("asked", "gpus", "given"), [("auto", 0, "cpu"), ("auto", 2, "cuda"), ("cpu", 2, "cpu"), ("cuda", 1, "cuda")]
)
def test_devices_are_the_clusters(asked, gpus, given):
    assert device_of(asked, Cluster(1, 4, gpus)) == given


@pytest.mark.parametrize(("asked", "message"), [("cuda", "has no GPU"), ("cuda:1", "a device of one machine")])
def test_devices_that_a_cluster_does_not_have(asked, message):
    with pytest.raises(ConfigError, match=message):
        device_of(asked, Cluster(1, 4, 0))
