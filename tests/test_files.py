from pathlib import Path

import pytest

from looking3d.files import whole, whole_by_one_of_many, write_whole


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with whole(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.name == "a.txt.partial"
    assert path.read_text() == "half"
    assert list(tmp_path.iterdir()) == [path]


def test_what_raises_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_whole(path, b"old")

    def fail(among_others: bool) -> None:
        if among_others:
            with whole_by_one_of_many(path) as file:
                file.write(b"new")
                raise ZeroDivisionError
        with whole(path) as temporary:
            temporary.write_bytes(b"new")
            raise ZeroDivisionError

    for among_others in (False, True):
        with pytest.raises(ZeroDivisionError):
            fail(among_others)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_made(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b", b"1")
    with whole_by_one_of_many(tmp_path / "c" / "d") as one, whole_by_one_of_many(tmp_path / "c" / "d") as two:
        one.write(b"1")
        two.write(b"2")
    assert (tmp_path / "a" / "b").read_bytes() == b"1"
    assert (tmp_path / "c" / "d").read_bytes() == b"1"  # whoever ends last
    assert len(list((tmp_path / "c").iterdir())) == 1
