import json
from pathlib import Path

import numpy as np
import pytest
import trimesh

from looking3d.shapes.face_count import count_faces
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.write import save_glb

MESH = trimesh.creation.icosphere(2)


@pytest.mark.parametrize("suffix", ["stl", "stl_ascii", "ply", "obj", "off", "glb", "gltf"])
def test_faces_are_counted_without_reading_them(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"ball.{suffix.removesuffix('_ascii')}"
    if suffix == "glb":
        part = Part("a", "part/a", np.asarray(MESH.vertices), np.asarray(MESH.faces))
        save_glb(PartShape("ball", (part,)), path)
    elif suffix == "gltf":
        for name, data in trimesh.exchange.gltf.export_gltf(trimesh.Scene(MESH)).items():
            (tmp_path / name).write_bytes(data)
        path = tmp_path / "model.gltf"
    else:
        MESH.export(path, file_type=suffix)
    assert count_faces(path) == len(MESH.faces)


def test_a_folder_s_files_add_up(tmp_path: Path) -> None:
    MESH.export(tmp_path / "a.stl")
    MESH.export(tmp_path / "b.ply")
    (tmp_path / "c.txt").write_text("text")
    assert count_faces(tmp_path) == 2 * len(MESH.faces)


@pytest.mark.parametrize("name", ["a.stl", "a.ply", "a.off", "a.obj", "a.glb", "a.gltf", "a.xyz", "none.stl"])
def test_what_is_damaged_counts_little(tmp_path: Path, name: str) -> None:
    if not name.startswith("none"):
        (tmp_path / name).write_bytes(b"solid \xff{[element face 99999999 \n")
    assert count_faces(tmp_path / name) < 100


def test_a_header_is_believed_as_far_as_the_file_is_long(tmp_path: Path) -> None:
    (tmp_path / "a.stl").write_bytes(b"\0" * 80 + (4_000_000_000).to_bytes(4, "little") + b"\0" * 100)
    assert count_faces(tmp_path / "a.stl") == 0


def test_vertices_behind_few_indices_count(tmp_path: Path) -> None:
    primitive = {"attributes": {"POSITION": 0}, "indices": 1}
    document = {
        "accessors": [{"count": 3_000_000}, {"count": 3}],
        "meshes": [{"primitives": [primitive, primitive]}],
        "nodes": [{"mesh": 0}],
    }
    (tmp_path / "a.gltf").write_text(json.dumps(document))
    assert count_faces(tmp_path / "a.gltf") == 2_000_000
