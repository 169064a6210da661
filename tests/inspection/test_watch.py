import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from looking3d.errors import ConfigError
from looking3d.inspection.watch import SETTLE_S, FolderWatch, new_photos


class Clock:
    """Time that passes only in sleep, in which things may happen."""

    def __init__(self, happenings: dict[int, Callable[[], object]] | None = None) -> None:
        self.now_s = 100.0
        self.sleeps = 0
        self.happenings = happenings or {}

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self.sleeps += 1
        self.happenings.get(self.sleeps, lambda: None)()


def names(watch: FolderWatch, clock: Clock, **limits) -> list[str]:
    return [path.name for path in new_photos(watch, clock=clock, sleep=clock.sleep, **limits)]


def settled(watch: FolderWatch, now_s: float) -> list[str]:
    """What is handed out once all that is there has settled."""
    first = watch.poll(now_s)
    return [path.name for path in [*first, *watch.poll(now_s + SETTLE_S)]]


def test_a_file_that_grows_is_left_alone_until_it_is_whole(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"1")
    watch = FolderWatch(tmp_path)
    for step in range(5):
        assert watch.poll(step * 0.4) == []
        photo.write_bytes(b"1" * (step + 2))
    assert watch.poll(2.0) == []
    assert watch.poll(2.49) == []
    assert watch.poll(2.5) == [photo]
    assert watch.poll(3.0) == watch.poll(9.0) == []


def test_nothing_is_handed_out_twice(tmp_path: Path) -> None:
    watch = FolderWatch(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("b.jpg", "a.PNG"):
        (elsewhere / name).write_bytes(name.encode())
        os.replace(elsewhere / name, tmp_path / name)
    os.utime(tmp_path / "a.PNG", (50, 50))
    os.utime(tmp_path / "b.jpg", (60, 60))
    assert settled(watch, 0) == ["a.PNG", "b.jpg"]
    os.utime(tmp_path / "a.PNG", (90, 90))
    shutil.copy2(tmp_path / "b.jpg", elsewhere / "copy")
    os.replace(elsewhere / "copy", tmp_path / "b.jpg")
    assert settled(watch, 10) == []
    # Another photo under the same name is new, even with the size and the time of the one before.
    (elsewhere / "other").write_bytes(b"B.jpg")
    os.utime(elsewhere / "other", (60, 60))
    os.replace(elsewhere / "other", tmp_path / "b.jpg")
    assert settled(watch, 20) == ["b.jpg"]


def test_what_is_gone_is_forgotten(tmp_path: Path) -> None:
    watch = FolderWatch(tmp_path)
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(b"x")
        assert settled(watch, number * 10) == [f"{number}.jpg"]
        (tmp_path / f"{number}.jpg").unlink()
    (tmp_path / "late.jpg").touch()
    watch.poll(100)
    assert len(watch._done) + len(watch._waiting) == 1


def test_only_photos_count(tmp_path: Path) -> None:
    for name in (".hidden.jpg", "a.jpg.part", "notes.txt", "a.jpg"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.jpg").mkdir()
    assert settled(FolderWatch(tmp_path), 0) == ["a.jpg"]


def test_subfolders(tmp_path: Path) -> None:
    watch = FolderWatch(tmp_path, in_subfolders=True)
    for name in ("one/a.jpg", "two/b.jpg", ".new/c.jpg", "d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert sorted(settled(watch, 0)) == ["a.jpg", "b.jpg"]
    (tmp_path / "three").mkdir()
    (tmp_path / "three" / "a.jpg").write_bytes(b"x")
    assert watch.poll(5) == []
    assert watch.poll(6) == [tmp_path / "three" / "a.jpg"]


def test_a_share_that_comes_back_is_not_new(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "a.jpg").write_bytes(b"x")
    watch = FolderWatch(share)
    assert settled(watch, 0) == ["a.jpg"]
    share.rename(tmp_path / "gone")
    assert settled(watch, 5) == []
    (tmp_path / "gone").rename(share)
    assert settled(watch, 10) == []
    with pytest.raises(ConfigError, match=r"none: is no folder; --watch needs one"):
        FolderWatch(tmp_path / "none")


def test_the_ends(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.jpg").write_bytes(b"x%d" % number)
    late = {6: lambda: (tmp_path / "late.jpg").write_bytes(b"y")}
    assert len(names(FolderWatch(tmp_path), Clock(), most=3)) == 3
    assert names(FolderWatch(tmp_path), Clock(), most=0) == []
    clock = Clock(late)
    assert names(FolderWatch(tmp_path), clock, most=5)[-1] == "late.jpg"
    (tmp_path / "late.jpg").unlink()
    clock = Clock(late)
    assert len(names(FolderWatch(tmp_path), clock, seconds=3.0)) == 5
    assert clock.now_s == pytest.approx(103.0)
    assert names(FolderWatch(tmp_path), Clock(), seconds=0.1) == []
