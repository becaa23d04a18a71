"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from degrade_bench._support.reading import kind_of, open_regular
from degrade_bench.errors import RunFolderError

PARTIAL = ".partial-"
"""How the names of unfinished files begin."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; move it over ``path`` when the block ends well.

    A reader sees the old file or the new one, never a part; a killed process leaves only a hidden temporary
    file behind. The new file keeps the suffix, for writers that look at it.

    Raises:
        RunFolderError: a full disk, no permission, a missing folder; or a directory, a link or a device stands
            there. What was there is as it was.
    """
    with suppress(OSError):
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise RunFolderError(f"{path} is {kind_of(mode)}, expected a file or nothing; choose another name")
    temporary = path.parent / f"{PARTIAL}{os.getpid()}-{secrets.token_hex(4)}{path.suffix}"
    try:
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise folder_error(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole or not at all.

    Raises:
        RunFolderError: as :func:`replacing`.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def folder_error(path: Path, error: OSError) -> RunFolderError:
    """One line that says why ``path`` cannot be written, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RunFolderError(
            f"the disk is full: cannot write {path}; finished rows are kept: free some space and give the "
            "same command again"
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return RunFolderError(f"no permission to write {path}; choose another --out")
    return RunFolderError(f"cannot write {path}: {error.strerror or error}")


def file_word(text: str) -> str:
    """A text as part of a file's name: letters, digits, dashes and underscores, not longer than 100 bytes.

    >>> file_word("string quartet: I/II")
    'string_quartet__I_II'
    """
    word = "".join(one if one.isalnum() or one in "-_" else "_" for one in text)
    return word.encode()[:100].decode(errors="ignore")


def name_word(name: str) -> str:
    """A name as part of a file's name: no two names give the same word, not even where capitals are small letters.

    >>> name_word("white_noise"), name_word("fad [clap]"), name_word("fad (clap)")
    ('white_noise', 'fad__clap__6d7c0d', 'fad__clap__691331')
    """
    word = file_word(name)
    return word if word == name.lower() else f"{word}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def sha256_of(path: Path) -> str:
    """SHA-256 of a regular file's bytes, 64 hexadecimal digits.

    Raises:
        OSError: it is none, or cannot be read.
    """
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
