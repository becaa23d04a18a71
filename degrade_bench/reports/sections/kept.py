"""Sounds and pictures of the run directory, as addresses inside the page."""

from __future__ import annotations

from degrade_bench._support.contained import read_bytes
from degrade_bench.errors import RunFolderError
from degrade_bench.reports.inline import data_uri
from degrade_bench.reports.inputs import RunView

FILE_BYTES = 8 * 2**20
"""The most that one file may hold; six seconds of MP3 at 320 kbps have a quarter of a megabyte."""

SECTION_BYTES = 64 * 2**20
"""The most that the files of a section may hold together."""


class Kept:
    """The files that a section shows.

    Args:
        run: in whose directory they are.
    """

    def __init__(self, run: RunView) -> None:
        self._folder = run.folder
        self._bytes = 0

    def sound(self, file: str) -> str | None:
        """An MP3 as an address; None where it is not there, as in a directory that was passed on without audio.

        Args:
            file: its path inside the run directory.

        Raises:
            RunFolderError: it leaves the directory, is no regular file, or is too large.
        """
        return self._uri("audio/mpeg", file)

    def picture(self, file: str) -> str | None:
        """A PNG as an address; otherwise as :meth:`sound`.

        Args:
            file: its path inside the run directory.
        """
        return self._uri("image/png", file)

    def _uri(self, kind: str, file: str) -> str | None:
        try:
            data = read_bytes(self._folder, self._folder / file, FILE_BYTES)
        except OSError:
            return None
        self._bytes += len(data)
        if self._bytes > SECTION_BYTES:
            raise RunFolderError(
                f"{self._folder}: its sounds and pictures are larger than {SECTION_BYTES} bytes in all"
            )
        return data_uri(kind, data)
