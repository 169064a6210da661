import io
import os
import pickle  # noqa: TID251
from pathlib import Path

import numpy as np
import pytest

from looking3d.dataset.foreign_npy import load_array_dict
from looking3d.errors import DatasetError

ARRAYS = {"xyz": np.arange(24.0).reshape(2, 4, 3), "seen": np.array([True, False])}


def as_npy(pickled: bytes) -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": ()})
    return header.getvalue() + pickled


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_what_numpy_wrote_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "view.npy", ARRAYS, allow_pickle=True)
    back = load_array_dict(tmp_path / "view.npy", ("xyz", "seen"))
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(back[name], array)


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_is_read(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "view.npy"
    path.write_bytes(as_npy(pickle.dumps(np.array(ARRAYS, dtype=object), protocol)))
    np.testing.assert_array_equal(load_array_dict(path, ("xyz",))["xyz"], ARRAYS["xyz"])


def test_modules_are_found_as_numpy_1_calls_them(tmp_path: Path) -> None:
    path = tmp_path / "view.npy"
    pickled = pickle.dumps(np.array(ARRAYS, dtype=object), 2).replace(b"numpy._core", b"numpy.core")
    path.write_bytes(as_npy(pickled))
    np.testing.assert_array_equal(load_array_dict(path, ("xyz",))["xyz"], ARRAYS["xyz"])


@pytest.mark.parametrize("protocol", range(6))
def test_a_malicious_pickle_is_refused_and_not_run(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "evil.npy"
    held = np.array({**ARRAYS, "x": Evil(tmp_path / "made")}, dtype=object)
    path.write_bytes(as_npy(pickle.dumps(held, protocol)))
    with pytest.raises(DatasetError, match=r"evil\.npy: refused, it asks for \w+\.mkdir"):
        load_array_dict(path, ("xyz",))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("held", [{"seen": ARRAYS["seen"]}, {"xyz": "text"}, {"xyz": np.array([None])}, 7])
def test_other_things_are_refused(tmp_path: Path, held: object) -> None:
    np.save(tmp_path / "view.npy", np.array(held, dtype=object), allow_pickle=True)
    with pytest.raises(DatasetError, match="expected a dict with an array 'xyz'"):
        load_array_dict(tmp_path / "view.npy", ("xyz",))


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "view.npy", ARRAYS, allow_pickle=True)
    (tmp_path / "view.npy").write_bytes((tmp_path / "view.npy").read_bytes()[:200])
    with pytest.raises(DatasetError, match=r"view\.npy: "):
        load_array_dict(tmp_path / "view.npy", ("xyz",))
    with pytest.raises(DatasetError, match="cannot be read"):
        load_array_dict(tmp_path / "none.npy", ("xyz",))
