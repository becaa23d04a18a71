"""A sweep on a Ray cluster.

Processes on all nodes damage, one per processor; where there are metrics with a network, processes with a device
score. Clips travel as references to files, so every node must see the files under the same names: on a shared file
system, in an object store, or because they come with the package.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from degrade_bench.errors import ConfigError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.outside.declaration import is_metric_file
from degrade_bench.sweep.batch_check import checked_block
from degrade_bench.sweep.config import RunConfig
from degrade_bench.sweep.crew import Crew, Terms
from degrade_bench.sweep.on_ray.cluster import Cluster
from degrade_bench.sweep.on_ray.messages import Recipe
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.worker import Work

HUB_SETTINGS = ("HF_HUB_OFFLINE", "HF_HUB_ETAG_TIMEOUT", "TRANSFORMERS_OFFLINE")
"""Settings of the model hub's client that hold for the devices of a run as for the command."""


@dataclass(frozen=True)
class RayEngine:
    """The processors and devices of a cluster.

    Args:
        cluster: that this process has joined.
        recipes: how metrics are made on another node, by name. A heavy metric without one is scored by this
            process.
    """

    cluster: Cluster
    recipes: Mapping[str, Recipe]

    def usual_workers(self) -> int:
        """One process per processor, without the one that scores, where the cluster has no GPU."""
        scoring = int(bool(self.recipes) and not self._gpus)
        return max(1, self.cluster.processors - scoring)

    @property
    def _gpus(self) -> int:
        """GPUs that metrics are to use."""
        return self.cluster.devices if any(recipe.device == "cuda" for recipe in self.recipes.values()) else 0

    def crew(self, sweep: Sweep, work: Work, heavy: Sequence[Metric], terms: Terms) -> AbstractContextManager[Crew]:
        """Processes of the cluster.

        Args:
            sweep: what is to be done.
            work: what every process must know.
            heavy: metrics that are scored apart from the damage.
            terms: how many processes damage. Their memory is the cluster's affair: nobody is asked how many fit.
        """
        from degrade_bench.sweep.on_ray.crew import Places, RayCrew

        wanted = {metric.name: self.recipes[metric.name] for metric in heavy if metric.name in self.recipes}

        def make_device(replaces: bool) -> Any:
            import ray

            from degrade_bench.sweep.on_ray.actors import Device

            options: dict[str, Any] = {"num_gpus": int(self._gpus > 0), "num_cpus": 0}
            if not self._gpus and self.cluster.processors > 1 and not replaces:
                options["num_cpus"] = 1  # one that replaces another must not wait for a processor that damages
            if hub := {name: value for name, value in os.environ.items() if name.startswith(HUB_SETTINGS)}:
                options["runtime_env"] = {"env_vars": hub}
            made = ray.remote(**options, max_restarts=0, max_task_retries=0)(Device)
            checked = checked_block(sweep.blocks())
            return made.remote(wanted, sweep.batch_size, checked, torch.get_num_threads())

        devices = max(1, self._gpus) if wanted else 0
        places = Places(self.cluster.nodes, self.cluster.processors, make_device, devices, frozenset(wanted))
        return RayCrew(work, places, terms)


def recipes_of(metrics: Sequence[Metric], config: RunConfig, cluster: Cluster) -> dict[str, Recipe]:
    """How the heavy metrics of a request are made on a node, by name; without those that were given as objects.

    Args:
        metrics: of the request, in its order.
        config: the request.
        cluster: that is to make them.

    Raises:
        ConfigError: a certain device of a machine was asked for, or a GPU of a cluster that has none.
    """
    device = device_of(config.device, cluster)
    specs = config.metric or [metric.name for metric in metrics]
    timeout = config.metric_timeout or None
    return {
        metric.name: Recipe(_anywhere(spec), config.set.get(spec, {}), device, timeout, metric.fingerprint())
        for spec, metric in zip(specs, metrics, strict=True)
        if not metric.light
    }


def _anywhere(spec: str) -> str:
    """A metric's name or path as it is understood whatever the working directory."""
    if is_metric_file(spec):
        return str(Path(spec).absolute())
    file, colon, attribute = spec.rpartition(":")
    return f"{Path(file).absolute()}{colon}{attribute}" if file.endswith(".py") else spec


def device_of(asked: str, cluster: Cluster) -> str:
    """The device that a metric is given on a node, for what ``--device`` asked.

    Raises:
        ConfigError: a certain device of a machine, or a GPU of a cluster that has none.
    """
    if ":" in asked:
        raise ConfigError(f"--device {asked} names a device of one machine; with --engine ray, give cuda or auto")
    if asked == "cuda" and not cluster.devices:
        raise ConfigError(f"--device cuda: the {cluster} has no GPU")
    if asked == "auto":
        return "cuda" if cluster.devices else "cpu"
    return asked
