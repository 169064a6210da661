import os
import struct

import numpy as np
import pytest
import trimesh

from looking3d.errors import ConfigError, ShapeError
from looking3d.shapes.find import find_shapes
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.read import SINGLE_MESH, UNITS, UP_AXES, read_shape, require_parts
from looking3d.shapes.surface import SMALLEST_COMPONENT
from looking3d.shapes.write import save_glb

TRIANGLE_OBJ = "v 0 0 0\nv 2 0 0\nv 0 3 0\nf 1 2 3\n"


def box(extents, center=(0.0, 0.0, 0.0)):
    mesh = trimesh.creation.box(extents)
    return mesh.apply_translation(center)


def table_mesh(screw_center=(0.1, 0.05, 0.1)):
    """A top, two legs of different length, and a screw on the top, far from all corners of the top."""
    return trimesh.util.concatenate(
        [
            box((2, 0.1, 1)),
            box((0.1, 1, 0.1), (-0.8, -0.6, 0)),
            box((0.1, 1.2, 0.1), (0.8, -0.7, 0)),
            box((0.01, 0.01, 0.01), screw_center),
        ]
    )


def soup(mesh):
    """The mesh with vertices of its own for every face, as a file with split normals has them."""
    return trimesh.Trimesh(
        mesh.triangles.reshape(-1, 3), np.arange(len(mesh.faces) * 3).reshape(-1, 3), process=False
    )


# Single meshes


@pytest.mark.parametrize("suffix", ["stl", "ply", "off", "obj", "glb"])
def test_a_single_mesh_is_split_into_components_across_its_seams(tmp_path, suffix):
    path = tmp_path / f"table.{suffix}"
    soup(table_mesh()).export(path)
    shape = read_shape(path)
    assert [part.id for part in shape.parts] == ["component_00", "component_01", "component_02"]
    assert [part.label for part in shape.parts] == [f"part/component_0{i}" for i in range(3)]
    # The screw went to the top, which is nearest; soups are welded.
    assert [len(part.faces) for part in shape.parts] == [24, 12, 12]
    assert [len(part.vertices) for part in shape.parts] == [16, 8, 8]
    np.testing.assert_allclose(np.ptp(shape.parts[2].bounds, axis=0), [0.1, 1.2, 0.1], atol=1e-6)
    assert (shape.id, shape.category, shape.source) == ("table", "object", str(path))


def test_ascii_stl_and_ascii_ply_are_read(tmp_path):
    mesh = table_mesh()
    (tmp_path / "a.stl").write_text(trimesh.exchange.stl.export_stl_ascii(mesh))
    (tmp_path / "a.ply").write_bytes(trimesh.exchange.ply.export_ply(mesh, encoding="ascii"))
    assert len(read_shape(tmp_path / "a.stl").parts) == len(read_shape(tmp_path / "a.ply").parts) == 3


def test_a_single_mesh_can_stay_whole(tmp_path):
    table_mesh().export(tmp_path / "table.stl")
    shape = read_shape(tmp_path / "table.stl", single_mesh="whole")
    assert [(part.id, part.label) for part in shape.parts] == [("whole", "part/whole")]
    assert len(shape.parts[0].faces) == 48


def test_a_fused_mesh_is_one_part_that_generation_refuses(tmp_path):
    box((1, 2, 3)).export(tmp_path / "chair.stl")
    shape = read_shape(tmp_path / "chair.stl")
    assert [part.id for part in shape.parts] == ["whole"]
    message = (
        r"^chair\.stl: its parts are one fused mesh; generation needs at least 2 parts; export an assembly "
        r"\(GLB with a node per part, or a folder with a file per part\)$"
    )
    with pytest.raises(ShapeError, match=message):
        require_parts(shape)
    require_parts(shape, at_least=1)


def test_require_parts_counts(tmp_path):
    table_mesh().export(tmp_path / "table.stl")
    shape = read_shape(tmp_path / "table.stl")
    require_parts(shape, at_least=3)
    with pytest.raises(ShapeError, match=r"^table\.stl: it has 3 parts; generation needs at least 4 parts"):
        require_parts(shape, at_least=4)


def test_small_components_join_the_nearest_surface(tmp_path):
    table_mesh(screw_center=(0.8, -1.3, 0.056)).export(tmp_path / "table.stl")
    shape = read_shape(tmp_path / "table.stl")
    assert [len(part.faces) for part in shape.parts] == [12, 12, 24]
    screw, table = 6 * 0.01**2, table_mesh().area
    assert screw < SMALLEST_COMPONENT * table


def test_boards_that_touch_in_corners_are_parts_and_boards_that_share_an_edge_are_one(tmp_path):
    corner = trimesh.util.concatenate([box((1, 2, 3)), box((2, 2, 2), (1.5, 2, 2.5))])
    corner.export(tmp_path / "corner.stl")
    assert [len(part.vertices) for part in read_shape(tmp_path / "corner.stl").parts] == [8, 8]
    edge = trimesh.util.concatenate([box((1, 2, 3)), box((2, 2, 3), (1.5, 2, 0))])
    edge.export(tmp_path / "edge.stl")
    assert [len(part.vertices) for part in read_shape(tmp_path / "edge.stl").parts] == [14]


def test_crumbs_alone_join_the_largest(tmp_path):
    crumbs = [box((0.1, 0.1, 0.1), (i, 0, 0)) for i in range(600)]
    trimesh.util.concatenate([*crumbs, box((0.11, 0.1, 0.1), (0, 1, 0))]).export(tmp_path / "crumbs.stl")
    shape = read_shape(tmp_path / "crumbs.stl")
    assert [len(part.faces) for part in shape.parts] == [601 * 12]


def test_faces_without_area_and_vertices_without_faces_are_dropped(tmp_path):
    (tmp_path / "a.off").write_text(
        "OFF\n6 4 0\n0 0 0\n2 0 0\n0 3 0\n9 9 9\n1 0 0\n2 0 0\n3 0 1 2\n3 0 0 1\n3 0 4 1\n3 1 5 2\n"
    )
    shape = read_shape(tmp_path / "a.off")
    np.testing.assert_array_equal(shape.parts[0].vertices, [[0, 0, 0], [2, 0, 0], [0, 3, 0]])
    np.testing.assert_array_equal(shape.parts[0].faces, [[0, 1, 2]])


def test_small_shapes_far_from_the_origin_keep_their_faces(tmp_path):
    mesh = trimesh.creation.icosphere(3, 1e-5)
    (tmp_path / "a.obj").write_text(trimesh.exchange.obj.export_obj(mesh, digits=12))
    assert len(read_shape(tmp_path / "a.obj").parts[0].faces) == len(mesh.faces)


# Axes, units, names


@pytest.mark.parametrize("up", UP_AXES)
def test_up_turns_the_axis_to_y(up):
    R = UP_AXES[up]
    axis = np.eye(3)["xyz".index(up[-1])] * (-1 if up.startswith("-") else 1)
    np.testing.assert_array_equal(R @ axis, [0, 1, 0])
    np.testing.assert_allclose(R @ R.T, np.eye(3))
    assert np.linalg.det(R) == pytest.approx(1)


def test_up_and_unit_are_applied(tmp_path):
    box((1000, 2000, 3000), (0, 0, 1500)).export(tmp_path / "a.stl")
    shape = read_shape(tmp_path / "a.stl", up="z", unit="mm")
    np.testing.assert_allclose(shape.bounds, [[-0.5, 0, -1], [0.5, 3, 1]], atol=1e-6)
    assert read_shape(tmp_path / "a.stl", unit="in").bounds[1, 2] == pytest.approx(3000 * UNITS["in"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"up": "Z"}, r"^unknown up axis 'Z'; choose one of: -x, -y, -z, x, y, z$"),
        ({"unit": "ft"}, r"^unknown unit 'ft'; choose one of: cm, in, m, mm$"),
        ({"single_mesh": "split"}, r"^unknown single_mesh 'split'; choose one of: components, whole$"),
    ],
)
def test_a_wrong_option_lists_the_legal_ones(tmp_path, wrong, message):
    with pytest.raises(ConfigError, match=message):
        read_shape(tmp_path, **wrong)
    assert set(SINGLE_MESH) == {"components", "whole"}


def test_names_with_spaces_and_letters_of_all_kinds_work(tmp_path):
    folder = tmp_path / "Stühle & 椅子"
    folder.mkdir()
    for name in ["Lehne hoch.obj", "Sitzfläche.OBJ"]:
        (folder / name).write_text(TRIANGLE_OBJ)
    shape = read_shape(folder)
    assert shape.id == "Stühle_椅子"
    assert [part.id for part in shape.parts] == ["Lehne hoch", "Sitzfläche"]


def test_file_names_that_are_not_utf8_work_and_can_be_printed(tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/st\xfchle")
    os.mkdir(folder)
    for name in [b"/a\xff.obj", b"/b.obj"]:
        with open(os.fsencode(folder) + name, "w") as file:
            file.write(TRIANGLE_OBJ)
    shape = read_shape(folder)
    assert [part.id for part in shape.parts] == ["a\ufffd", "b"]
    assert shape.id == "st_hle"
    assert shape.source.encode("utf-8")
    with pytest.raises(ShapeError, match="st\ufffdhle/no: no such file"):
        read_shape(folder + "/no")


def test_category_is_the_callers_or_the_labels_root(tmp_path):
    part = Part("seat", "chair/chair_seat", np.eye(3), np.array([[0, 1, 2]]))
    save_glb(PartShape("c", (part,)), tmp_path / "c.glb")
    assert read_shape(tmp_path / "c.glb").category == "chair"
    assert read_shape(tmp_path / "c.glb", category="stool").category == "stool"


# Folders


def test_each_file_of_a_folder_is_a_part(tmp_path):
    mesh = box((1, 2, 3))
    soup(mesh).export(tmp_path / "leg_10.stl")
    table_mesh().export(tmp_path / "leg_2.PLY")
    trimesh.Scene({"a": box((1, 1, 2)), "b": box((1, 1, 2), (4, 0, 0))}).export(tmp_path / "leg_3.glb")
    (tmp_path / "back.obj").write_text("o x\n" + TRIANGLE_OBJ + "o y\nf 3 2 1\n")
    (tmp_path / "notes.txt").write_text("not a mesh")
    (tmp_path / "._back.obj").write_bytes(b"\0\5\26\7")
    shape = read_shape(tmp_path)
    assert [part.id for part in shape.parts] == ["back", "leg_2", "leg_3", "leg_10"]
    assert [len(part.faces) for part in shape.parts] == [2, 48, 24, 12]
    assert shape.parts[3].label == "part/leg_10"
    assert len(shape.parts[3].vertices) == 8


def test_a_folder_of_one_mesh_is_that_mesh(tmp_path):
    folder = tmp_path / "table"
    folder.mkdir()
    table_mesh().export(folder / "scan.stl")
    shape = read_shape(folder)
    assert (shape.id, len(shape.parts)) == ("table", 3)


def test_find_shapes_knows_assemblies_from_collections(tmp_path):
    for name in [
        "ikea/stool/00.obj",
        "ikea/stool/01.obj",
        "ikea/bench/a.stl",
        "scenes/b.glb",
        "scenes/a.gltf",
    ]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(TRIANGLE_OBJ)
    (tmp_path / "partnet/12/objs").mkdir(parents=True)
    (tmp_path / "partnet/12/result.json").write_text("[]")
    (tmp_path / "up").symlink_to(tmp_path)
    found = [str(path.relative_to(tmp_path)) for path in find_shapes(tmp_path)]
    assert found == ["ikea/bench/a.stl", "ikea/stool", "partnet/12", "scenes/a.gltf", "scenes/b.glb"]
    assert find_shapes(tmp_path / "scenes/b.glb") == [tmp_path / "scenes/b.glb"]
    with pytest.raises(ShapeError, match=r"/none: no such file or folder"):
        find_shapes(tmp_path / "none")


# Bad input


def refused(path, message):
    with pytest.raises(ShapeError, match=message) as caught:
        read_shape(path)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_refuses_a_missing_path(tmp_path):
    refused(tmp_path / "chair.glb", r"chair\.glb: no such file or folder; check the path$")
    refused(tmp_path / ("x" * 300 + ".glb"), r"xx\.glb: no such file or folder")


def test_refuses_folders_without_meshes(tmp_path):
    looked_for = (
        r": no meshes in the folder; looked for \.glb, \.gltf, \.obj, \.off, \.ply, \.stl and PartNet's "
        r"result_after_merging\.json or result\.json; "
    )
    refused(tmp_path, looked_for + "it is empty$")
    (tmp_path / "textures").mkdir()
    (tmp_path / "chair.step").touch()
    refused(tmp_path, looked_for + r"it holds chair\.step, textures/$")
    for i in range(9):
        (tmp_path / f"{i}.txt").touch()
    refused(tmp_path, looked_for + r"it holds 0\.txt, 1\.txt, 2\.txt, 3\.txt, 4\.txt, 5\.txt and 5 more$")


def test_refuses_two_files_for_one_part(tmp_path):
    (tmp_path / "leg.obj").write_text(TRIANGLE_OBJ)
    box((1, 2, 3)).export(tmp_path / "leg.stl")
    refused(tmp_path, r": leg\.obj and leg\.stl would both be one part; keep one of them, or rename one$")


def test_a_bad_file_in_a_folder_is_named(tmp_path):
    (tmp_path / "a.obj").write_text(TRIANGLE_OBJ)
    (tmp_path / "b.obj").write_text("v 0 0 0\n")
    refused(tmp_path, r"b\.obj: an OBJ with faces")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "chair.step",
            r"\.step files are not read; they hold no triangles; export it as GLB from the CAD pro",
        ),
        (
            "chair.BLEND",
            r"\.blend files are not read; export it as GLB from Blender \(File > Export > glTF 2\.0\)",
        ),
        ("chair.fbx", r"\.fbx files are not read; import it into Blender and export it as GLB"),
        ("chair.usdz", r"\.usdz files are not read; import it into Blender and export it as GLB"),
        (
            "chair.xyz",
            r"the ending '\.xyz' is unknown; a mesh ends in one of \.glb, \.gltf, \.obj, \.off, \.ply",
        ),
        ("chair", r"chair: a file without an ending; a mesh ends in one of \.glb"),
    ],
)
def test_refuses_other_kinds_of_files(tmp_path, name, message):
    (tmp_path / name).write_text("anything")
    refused(tmp_path / name, message)


@pytest.mark.parametrize("suffix", ["glb", "gltf", "obj", "off", "ply", "stl"])
def test_refuses_empty_files_and_pointers(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"")
    refused(path, r": is empty \(0 bytes\); copy or export it again$")
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n")
    refused(path, r": is a Git LFS pointer, not the mesh; run 'git lfs pull' beside it$")


def test_refuses_point_clouds(tmp_path):
    trimesh.PointCloud(np.eye(3)).export(tmp_path / "scan.ply")
    refused(tmp_path / "scan.ply", r"scan\.ply: a point cloud \(3 points, no faces\); make a mesh of it")


def test_refuses_meshes_without_faces(tmp_path):
    (tmp_path / "a.off").write_text("OFF\n3 0 0\n0 0 0\n1 0 0\n0 1 0\n")
    message = r"a\.off: no triangles in it; the OFF of a mesh with faces was expected, export it again$"
    refused(tmp_path / "a.off", message)


def test_refuses_meshes_without_area(tmp_path):
    (tmp_path / "a.off").write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n2 0 0\n3 0 1 2\n")
    refused(
        tmp_path / "a.off", r"a\.off: none of its faces has an area; repair the mesh and export it again$"
    )
    (tmp_path / "a.off").write_text("OFF\n3 1 0\n5 5 5\n5 5 5\n5 5 5\n3 0 1 2\n")
    refused(tmp_path / "a.off", r"a\.off: none of its faces has an area")


def test_refuses_faces_of_missing_vertices(tmp_path):
    data = trimesh.exchange.ply.export_ply(box((1, 2, 3)))
    (tmp_path / "a.ply").write_bytes(data[:-4] + struct.pack("<i", 99))
    refused(
        tmp_path / "a.ply",
        r"a\.ply: a face names vertex 99, counted from 0, but there are 8; the file is dam",
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e31])
def test_refuses_vertices_that_are_not_finite(tmp_path, bad):
    mesh = box((1, 2, 3))
    mesh.vertices[2, 1] = bad
    mesh.export(tmp_path / "a.ply")
    refused(
        tmp_path / "a.ply",
        r"a\.ply: 1 of 8 vertices are NaN or infinite; repair the mesh and export it again$",
    )


@pytest.mark.parametrize("suffix", ["off", "ply", "stl"])
def test_refuses_garbage(tmp_path, suffix, capfd):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(np.random.default_rng(3).bytes(500))
    refused(path, rf"a\.{suffix}: (damaged, or not {suffix.upper()} at all; export it again|a binary STL of)")
    assert capfd.readouterr() == ("", "")


def test_refuses_an_stl_cut_short(tmp_path):
    data = box((1, 2, 3)).export(file_type="stl")
    (tmp_path / "a.stl").write_bytes(data[:400])
    refused(
        tmp_path / "a.stl",
        r"a\.stl: a binary STL of 12 triangles has 684 bytes, this file has 400; it is cut short or no STL, "
        r"copy or export it again$",
    )


def test_bytes_after_the_last_triangle_of_an_stl_are_ignored(tmp_path):
    (tmp_path / "a.stl").write_bytes(box((1, 2, 3)).export(file_type="stl") + b"made by a slicer")
    assert len(read_shape(tmp_path / "a.stl").parts[0].faces) == 12


def test_refuses_an_stl_of_nothing(tmp_path):
    (tmp_path / "a.stl").write_text("solid a\nendsolid a\n")
    refused(
        tmp_path / "a.stl",
        r"a\.stl: no triangles in it; the STL of a mesh with faces was expected, export it",
    )


def test_refuses_an_ascii_stl_with_broken_numbers(tmp_path):
    text = trimesh.exchange.stl.export_stl_ascii(box((1, 2, 3))).replace("vertex -0.5", "vertex -0,5", 1)
    (tmp_path / "a.stl").write_text(text)
    refused(tmp_path / "a.stl", r"a\.stl: damaged, or not STL at all; export it again$")
