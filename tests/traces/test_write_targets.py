"""What a written file takes the place of, and what happens when the disk refuses on the way."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from budgetsim.errors import InputError, JobError
from budgetsim.traces.write import replacing, write_jsonl, write_parquet

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and limits of POSIX systems")


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Files of this process may grow to ``size`` bytes; a longer write fails as on a full disk."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write(path: Path, data: bytes = b"new") -> None:
    with replacing(path) as file:
        file.write(data)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("absolute", [True, False])
def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path, exists: bool, absolute: bool) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    target, link = folder / "target", tmp_path / "link"
    if exists:
        target.write_bytes(b"old")
    link.symlink_to(target if absolute else Path("folder", "target"))
    write(link)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "link", "target"]


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFDIR])
def test_only_regular_files_are_replaced(tmp_path: Path, kind: int, linked: bool) -> None:
    path = tmp_path / "there"
    os.mkfifo(path) if kind == stat.S_IFIFO else path.mkdir()
    given = tmp_path / "link" if linked else path
    if linked:
        given.symlink_to(path)
    before = path.stat()
    with pytest.raises(InputError, match=f"{given.name}: is not a regular file"):
        write(given)
    assert stat.S_IFMT(path.stat().st_mode) == kind
    assert path.stat() == before
    assert given.is_symlink() == linked
    assert len(list(tmp_path.iterdir())) == 1 + linked


def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    # By a link in a folder of the test's own, so that a replaced link would be the only damage.
    link = tmp_path / "nothing"
    link.symlink_to(os.devnull)
    with pytest.raises(InputError, match="is not a regular file"):
        write(link)
    assert link.is_symlink()
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    with pytest.raises(InputError, match="link: cannot be written"):
        write(link)
    assert names(tmp_path) == ["link"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
def test_a_failed_write_is_one_clear_error_and_keeps_the_earlier_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    noise = pl.DataFrame({"noise": [os.urandom(300).hex() for _ in range(300)]})
    attempt = partial(write_parquet, noise) if name == "a.parquet" else partial(write_jsonl, noise.to_dicts())
    with pytest.raises(JobError) as error, largest_file(10_000):
        attempt(path)
    assert str(error.value) == f"{path}: cannot be written: {os.strerror(errno.EFBIG)}"
    assert names(tmp_path) == [name]
    assert path.read_bytes() == b"old"


def test_a_full_disk_is_said_in_the_systems_words(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="a: cannot be written: No space left on device"), replacing(tmp_path / "a"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not names(tmp_path)


def test_an_error_of_another_file_is_not_blamed_on_this_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a"):
        (tmp_path / "missing").read_bytes()
    assert not names(tmp_path)
