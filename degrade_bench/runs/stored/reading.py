"""Reading run directories in object storage: what is wanted of them is fetched, and gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from degrade_bench._support import objects
from degrade_bench._support.addresses import checked_address, is_stored, key_of
from degrade_bench.runs.names import RUN_FILES
from degrade_bench.runs.ownership import OF_SHARDS, is_shard_name
from degrade_bench.runs.stored.contents import as_addresses, copied

MOST_LOOKS = 3
"""How often a directory is looked at where a run goes on in it, and removes what was to be fetched."""


@contextmanager
def fetched(folder: Path, names: Sequence[str] = RUN_FILES) -> Iterator[Path]:
    """A run directory to read from: itself, or what was wanted of it where it lies in object storage.

    Args:
        folder: a path or an address.
        names: the files that are wanted, where they are there; ``shards`` for that directory.

    Raises:
        StorageError: the storage cannot be used.
    """
    with fetched_all([folder], names) as places:
        yield places[0]


@contextmanager
def fetched_all(folders: Sequence[Path], names: Sequence[str] = RUN_FILES) -> Iterator[list[Path]]:
    """As :func:`fetched`, of several directories, which keep their names and their order.

    Args:
        folders: paths and addresses.
        names: the files that are wanted.

    Raises:
        StorageError: the storage cannot be used.
    """
    with ExitStack() as stack:
        root: Path | None = None
        places = []
        for folder in folders:
            if not is_stored(checked_address(folder, "run directory")):
                places.append(folder)
                continue
            root = root or Path(stack.enter_context(TemporaryDirectory(prefix="degrade-bench-")))
            place = root.joinpath(*key_of(folder).split("/"))
            place.mkdir(parents=True, exist_ok=True)
            stack.enter_context(as_addresses(folder, place))
            for _ in range(MOST_LOOKS):
                if not copied(folder, _there(folder, names), place):
                    break
            places.append(place)
        yield places


def _there(folder: Path, names: Sequence[str]) -> list[str]:
    """Those of the files that a directory holds."""
    top = objects.listed(folder)
    if not top:
        objects.check_bucket(folder)
    wanted = [one.path.name for one in top if one.path.name in names and one.size is not None]
    for place in OF_SHARDS:
        if place in names:
            shards = (one.path.name for one in objects.listed(folder / place))
            wanted += [f"{place}/{name}" for name in shards if is_shard_name(name)]
    return wanted
