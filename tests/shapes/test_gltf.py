import base64
import json
import struct

import numpy as np
import pytest
import trimesh

from looking3d.errors import ShapeError
from looking3d.shapes.part_shape import Part, PartShape
from looking3d.shapes.read import read_shape
from looking3d.shapes.write import glb_bytes, save_glb

VERTICES = np.array([[0, 0, 0], [2, 0, 0], [2, 3, 0], [0, 3, 1]], np.float32)
QUAD = np.array([0, 1, 2, 0, 2, 3], np.uint16)


def document(**changes):
    """A glTF of one node with a quad, its data in the JSON."""
    data = VERTICES.tobytes() + QUAD.tobytes()
    gltf = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "seat", "mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 4},
            {"bufferView": 1, "componentType": 5123, "type": "SCALAR", "count": 6},
        ],
        "bufferViews": [
            {"buffer": 0, "byteLength": 48},
            {"buffer": 0, "byteOffset": 48, "byteLength": 12},
        ],
        "buffers": [
            {
                "byteLength": len(data),
                "uri": "data:application/octet-stream;base64," + base64.b64encode(data).decode(),
            }
        ],
    }
    return gltf | changes


def write(tmp_path, gltf, name="chair.gltf"):
    path = tmp_path / name
    path.write_text(json.dumps(gltf))
    return path


def glb(gltf, binary=b""):
    text = json.dumps(gltf).encode()
    text += b" " * (-len(text) % 4)
    body = (
        struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    )
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def triangles(part):
    return part.vertices[part.faces]


EXPECTED = VERTICES[QUAD].reshape(2, 3, 3)


# Nodes


def test_nodes_are_parts_in_the_order_of_the_file(tmp_path):
    nodes = [
        {"name": "leg", "mesh": 0, "translation": [10, 0, 0]},
        {"name": "lamp", "camera": 0},
        {"name": "leg", "mesh": 0, "scale": [2, 3, 4], "children": [4]},
        {"name": "leg_2", "mesh": 0},
        {"mesh": 0, "translation": [0, 1, 0]},
        {"name": "Leg/a\n b", "mesh": 0},
    ]
    path = write(tmp_path, document(nodes=nodes, scenes=[{"nodes": [5, 3, 2, 1, 0]}]))
    shape = read_shape(path)
    assert [part.id for part in shape.parts] == ["leg", "leg_3", "leg_2", "node_4", "Leg_a b"]
    assert [part.label for part in shape.parts][:3] == ["part/leg", "part/leg", "part/leg_2"]
    np.testing.assert_allclose(triangles(shape.parts[0]), EXPECTED + np.array([10, 0, 0]))
    np.testing.assert_allclose(triangles(shape.parts[1]), EXPECTED * [2, 3, 4])
    np.testing.assert_allclose(triangles(shape.parts[3]), (EXPECTED + np.array([0, 1, 0])) * [2, 3, 4])


def test_reads_what_trimesh_reads(tmp_path):
    rng = np.random.default_rng(5)
    scene = trimesh.Scene()
    parent = None
    for i in range(4):
        mesh = trimesh.creation.box((1, 2, 3 + i))
        T = trimesh.transformations.random_rotation_matrix(rng.random(3)) @ np.diag([1, 2, 0.5, 1])
        T[:3, 3] = rng.normal(size=3)
        scene.add_geometry(mesh, node_name=f"node{i}", parent_node_name=parent, transform=T)
        parent = f"node{i}"
    for name in ["a.glb", "a.gltf"]:
        if name == "a.gltf":
            for file, data in scene.export(file_type="gltf").items():
                (tmp_path / ("a.gltf" if file == "model.gltf" else file)).write_bytes(data)
        else:
            scene.export(tmp_path / name)
        expected = trimesh.load_scene(tmp_path / name, process=False)
        shape = read_shape(tmp_path / name)
        assert sorted(part.id for part in shape.parts) == [f"node{i}" for i in range(4)]
        for part in shape.parts:
            T, geometry = expected.graph[part.id]
            mesh = expected.geometry[geometry].copy().apply_transform(T)
            np.testing.assert_allclose(triangles(part), mesh.triangles, atol=1e-6)


def test_only_nodes_of_the_scene_are_parts(tmp_path):
    nodes = [{"name": "a", "mesh": 0}, {"name": "b", "mesh": 0}, {"name": "c", "mesh": 0, "children": [1]}]
    gltf = document(nodes=nodes, scenes=[{"nodes": [0, 2]}, {"nodes": [2]}], scene=1)
    assert [part.id for part in read_shape(write(tmp_path, gltf)).parts] == ["b", "c"]
    del gltf["scenes"]
    assert [part.id for part in read_shape(write(tmp_path, gltf)).parts] == ["a", "b", "c"]


def test_a_matrix_is_column_major_and_a_mirrored_node_is_not_inside_out(tmp_path):
    matrix = [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 6, 7, 1]
    shape = read_shape(write(tmp_path, document(nodes=[{"mesh": 0, "matrix": matrix}])))
    expected = (EXPECTED * [-1, 1, 1] + [5, 6, 7])[:, ::-1]
    np.testing.assert_allclose(triangles(shape.parts[0]), expected)


def test_the_primitives_of_a_node_are_one_part(tmp_path):
    primitive = {"attributes": {"POSITION": 0}, "indices": 1}
    points = {"attributes": {"POSITION": 0}, "mode": 0}
    meshes = [{"primitives": [primitive, points, primitive]}, {"primitives": [points]}]
    nodes = [{"name": "a", "mesh": 0}, {"name": "b", "mesh": 0}, {"name": "dots", "mesh": 1}]
    gltf = document(meshes=meshes, nodes=nodes, scenes=[{"nodes": [0, 1, 2]}])
    shape = read_shape(write(tmp_path, gltf))
    assert [(part.id, len(part.faces)) for part in shape.parts] == [("a", 4), ("b", 4)]


def test_one_node_is_split_into_components(tmp_path):
    mesh = trimesh.util.concatenate([trimesh.creation.box((1, 2, 3)), trimesh.creation.icosphere(1, 3.0)])
    trimesh.Scene(mesh).export(tmp_path / "a.glb")
    assert [len(part.faces) for part in read_shape(tmp_path / "a.glb").parts] == [12, 80]
    assert len(read_shape(tmp_path / "a.glb", single_mesh="whole").parts) == 1


def test_one_node_in_one_piece_keeps_its_name(tmp_path):
    assert [part.id for part in read_shape(write(tmp_path, document())).parts] == ["seat"]


# Accessors


@pytest.mark.parametrize(
    ("mode", "indices", "expected"),
    [
        (4, [0, 1, 2, 0, 2, 3], [[0, 1, 2], [0, 2, 3]]),
        (5, [0, 1, 3, 2], [[0, 1, 3], [1, 2, 3]]),
        (6, [0, 1, 2, 3], [[0, 1, 2], [0, 2, 3]]),
    ],
)
def test_lists_strips_and_fans(tmp_path, mode, indices, expected):
    data = VERTICES.tobytes() + np.array(indices, np.uint8).tobytes()
    gltf = document(buffers=[{"byteLength": len(data)}])
    gltf["meshes"][0]["primitives"][0]["mode"] = mode
    gltf["accessors"][1] |= {"componentType": 5121, "count": len(indices)}
    (tmp_path / "a.glb").write_bytes(glb(gltf, data))
    np.testing.assert_allclose(triangles(read_shape(tmp_path / "a.glb").parts[0]), VERTICES[expected])


def test_vertices_without_indices(tmp_path):
    gltf = document()
    del gltf["meshes"][0]["primitives"][0]["indices"]
    np.testing.assert_allclose(triangles(read_shape(write(tmp_path, gltf)).parts[0]), VERTICES[None, :3])


def test_strided_sparse_and_normalised_accessors(tmp_path):
    rows = np.zeros((4, 8), np.int16)
    rows[:, :3] = VERTICES / 3 * 32767
    index, value = np.array([3], np.uint8), np.array([[0, 16384, 0, 0]], np.int16)
    data = rows.tobytes() + QUAD.tobytes() + index.tobytes() + b"\0\0\0" + value.tobytes()
    gltf = document(
        buffers=[{"byteLength": len(data)}],
        bufferViews=[
            {"buffer": 0, "byteLength": 64, "byteStride": 16},
            {"buffer": 0, "byteOffset": 64, "byteLength": 12},
            {"buffer": 0, "byteOffset": 76, "byteLength": 4},
            {"buffer": 0, "byteOffset": 80, "byteLength": 6},
        ],
    )
    sparse = {"count": 1, "indices": {"bufferView": 2, "componentType": 5121}, "values": {"bufferView": 3}}
    gltf["accessors"][0] |= {"componentType": 5122, "normalized": True, "sparse": sparse}
    (tmp_path / "a.glb").write_bytes(glb(gltf, data))
    expected = VERTICES / 3
    expected[3] = [0, 0.5, 0]
    np.testing.assert_allclose(read_shape(tmp_path / "a.glb").parts[0].vertices, expected, atol=1e-4)


def test_data_files_with_spaces_are_found(tmp_path):
    (tmp_path / "the data.bin").write_bytes(VERTICES.tobytes() + QUAD.tobytes())
    path = write(tmp_path, document(buffers=[{"byteLength": 60, "uri": "the%20data.bin"}]))
    np.testing.assert_allclose(triangles(read_shape(path).parts[0]), EXPECTED)


def test_names_that_are_not_utf8_are_read(tmp_path):
    text = json.dumps(document()).encode().replace(b"seat", b"Fl\xe4che")
    (tmp_path / "a.gltf").write_bytes(text)
    assert read_shape(tmp_path / "a.gltf").parts[0].id == "Fl\ufffdche"


# Writing


def table():
    """Parts of unequal sizes; one in two pieces, one with doubled vertices, one with a face of no area."""
    top = trimesh.util.concatenate([trimesh.creation.box((2, 0.1, 1)), trimesh.creation.icosphere(1, 0.2)])
    leg = trimesh.creation.box((0.1, 1 / 3, 0.1))
    return PartShape(
        "table",
        (
            Part("z top", "table/tabletop", top.vertices + np.array([0, 5, 0]), top.faces),
            Part("leg/1", "table/base/leg", leg.triangles.reshape(-1, 3), np.arange(36).reshape(-1, 3)),
            Part("5", "part/Fuß", np.eye(3) / 7, np.array([[0, 1, 2], [1, 1, 2]])),
        ),
    )


def test_what_is_written_is_read_back(tmp_path):
    save_glb(table(), tmp_path / "table.glb")
    shape = read_shape(tmp_path / "table.glb")
    assert shape.id == "table"
    assert [(p.id, p.label) for p in shape.parts] == [(p.id, p.label) for p in table().parts]
    for part, expected in zip(shape.parts, table().parts, strict=True):
        np.testing.assert_array_equal(part.faces, expected.faces)
        np.testing.assert_array_equal(part.vertices, expected.vertices.astype(np.float32))
    assert glb_bytes(shape) == glb_bytes(table()) == (tmp_path / "table.glb").read_bytes()


def test_a_shape_of_one_part_is_read_back_as_one(tmp_path):
    shape = table().with_parts(table().parts[:1])
    save_glb(shape, tmp_path / "a.glb")
    assert [part.id for part in read_shape(tmp_path / "a.glb").parts] == ["z top"]


def test_others_read_what_is_written(tmp_path):
    save_glb(table(), tmp_path / "table.glb")
    scene = trimesh.load_scene(tmp_path / "table.glb", process=False)
    assert set(scene.graph.nodes_geometry) == {"z top", "leg/1", "5"}
    data = (tmp_path / "table.glb").read_bytes()
    gltf = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    vertices = table().parts[1].vertices.astype(np.float32)
    assert gltf["accessors"][2]["min"] == vertices.min(0).tolist()
    assert gltf["accessors"][2]["max"] == vertices.max(0).tolist()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ShapeError, match=r"no/table\.glb: cannot be written \(No such file or directory\)$"):
        save_glb(table(), tmp_path / "no/table.glb")


# Bad input


def refused(path, message):
    with pytest.raises(ShapeError, match=message) as caught:
        read_shape(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("extension", "message"),
    [
        (
            "KHR_draco_mesh_compression",
            r"a\.glb: compressed with Draco \(KHR_draco_mesh_compression\); export it again without mesh "
            r"compression, or run: gltf-transform copy a\.glb plain\.glb$",
        ),
        (
            "EXT_meshopt_compression",
            r"a\.glb: compressed with meshopt \(EXT_meshopt_compression\); export it aga",
        ),
        (
            "EXT_mesh_gpu_instancing",
            r"a\.glb: nodes are drawn many times \(EXT_mesh_gpu_instancing\); export it",
        ),
    ],
)
def test_refuses_extensions_that_hide_the_geometry(tmp_path, extension, message):
    data = VERTICES.tobytes() + QUAD.tobytes()
    gltf = document(buffers=[{"byteLength": 60}], extensionsUsed=[extension])
    (tmp_path / "a.glb").write_bytes(glb(gltf | {"extensionsRequired": [extension]}, data))
    refused(tmp_path / "a.glb", message)
    # Named by what uses it alone.
    gltf = document(buffers=[{"byteLength": 60}])
    if "draco" in extension:
        gltf["meshes"][0]["primitives"][0]["extensions"] = {extension: {"bufferView": 0}}
        del gltf["accessors"][0]["bufferView"]
    elif "meshopt" in extension:
        gltf["bufferViews"][1]["extensions"] = {extension: {}}
    else:
        gltf["nodes"][0]["extensions"] = {extension: {}}
    (tmp_path / "a.glb").write_bytes(glb(gltf, data))
    refused(tmp_path / "a.glb", message)


def test_reads_the_plain_copy_beside_draco_and_extensions_of_materials(tmp_path):
    gltf = document(
        extensionsUsed=["KHR_draco_mesh_compression"], extensionsRequired=["KHR_texture_transform"]
    )
    gltf["meshes"][0]["primitives"][0]["extensions"] = {"KHR_draco_mesh_compression": {"bufferView": 0}}
    np.testing.assert_allclose(triangles(read_shape(write(tmp_path, gltf)).parts[0]), EXPECTED)


@pytest.mark.parametrize("length", [6, 19, 40, 300, -1])
def test_refuses_a_glb_cut_short(tmp_path, length):
    whole = glb(document())
    (tmp_path / "a.glb").write_bytes(whole[:length])
    refused(tmp_path / "a.glb", r"a\.glb: cut short, it has \d+ of \d+ bytes; copy or export it again$")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b"hello, I am text",
            r"a\.glb: not a GLB file \(it starts with b'hell', a GLB with b'glTF'\); export it ag",
        ),
        (json.dumps(document()).encode(), r"a\.glb: is glTF text, not a binary GLB; rename it to \.gltf$"),
        (struct.pack("<4sII", b"glTF", 1, 20) + b"\0" * 8, r"a\.glb: GLB version 1; export it as glTF 2\.0$"),
        (
            glb(document(buffers=[{"byteLength": 60}]), b"\0" * 8),
            r"its buffer 0 should have 60 bytes and has 8; the",
        ),
        (struct.pack("<4sII", b"glTF", 2, 20) + b"\0" * 8, r"a\.glb: its JSON is damaged"),
    ],
)
def test_refuses_what_is_no_glb(tmp_path, data, message):
    (tmp_path / "a.glb").write_bytes(data)
    refused(tmp_path / "a.glb", message)


def broken(path, value):
    """The document with one value replaced, or deleted if None."""
    gltf = document()
    target = gltf
    *above, last = path
    for key in above:
        target = target[key]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return gltf


@pytest.mark.parametrize(
    ("gltf", "message"),
    [
        ([1, 2], r"chair\.gltf: JSON, but not glTF \(no 'asset'\); export it as glTF 2\.0$"),
        (document(asset={"version": "1.0"}), r"chair\.gltf: glTF 1\.0; export it as glTF 2\.0$"),
        (
            document(buffers=[{"byteLength": 60, "uri": "chair.bin"}]),
            r"chair\.gltf: its data file 'chair\.bin' is missing; copy it beside the \.gltf, or export a",
        ),
        (
            document(buffers=[{"byteLength": 60, "uri": "../chair.bin"}]),
            r"chair\.gltf: its data is elsewhere \('\.\./chair\.bin'\); put it into the same folder$",
        ),
        (document(buffers=[{"byteLength": 60, "uri": "http://a.b/c.bin"}]), r"its data is elsewhere \('http"),
        (
            document(buffers=[{"byteLength": 60}]),
            r"damaged \(the binary chunk is missing\); export it again$",
        ),
        (broken(["meshes"], None), r"chair\.gltf: its glTF structure lacks 'meshes'; export it again$"),
        (
            broken(["nodes", 0, "mesh"], 7),
            r"chair\.gltf: its glTF structure is damaged \(list index out of range\)",
        ),
        (broken(["nodes", 0, "children"], [0]), r"node 0 is missing, its own ancestor, or has two parents"),
        (broken(["nodes"], "many"), r"chair\.gltf: its glTF structure is damaged"),
        (broken(["nodes", 0, "matrix"], [1, 2]), r"chair\.gltf: its glTF structure is damaged"),
        (broken(["accessors", 0, "count"], 400), r"damaged \(buffer view 0 reaches to byte 4800 of 60\)"),
        (broken(["accessors", 0, "bufferView"], None), r"damaged \(accessor 0 has no data\)"),
        (broken(["accessors", 0, "type"], "VEC2"), r"damaged \(positions are not VEC3\)"),
        (broken(["accessors", 1, "componentType"], 9), r"chair\.gltf: its glTF structure lacks 9"),
        (
            broken(["meshes", 0, "primitives", 0, "mode"], 1),
            r"chair\.gltf: no node of it holds triangles; export a",
        ),
        (
            broken(["nodes"], [{"name": "empty"}]),
            r"chair\.gltf: no node of it holds triangles; export a scene",
        ),
        (
            broken(["accessors", 0, "count"], 3),
            r"chair\.gltf: a face names vertex 3, counted from 0, but there are 3",
        ),
        (
            broken(["nodes", 0, "scale"], [1, 1e38, 1]),
            r"chair\.gltf: 2 of 4 vertices are NaN or infinite; repair",
        ),
        (
            broken(["nodes", 0, "scale"], [0, 0, 0]),
            r"chair\.gltf: none of its faces has an area; repair the mesh",
        ),
    ],
)
def test_refuses_a_damaged_gltf(tmp_path, gltf, message):
    refused(write(tmp_path, gltf), message)


def test_refuses_text_that_is_no_json(tmp_path):
    (tmp_path / "a.gltf").write_text("solid chair")
    refused(tmp_path / "a.gltf", r"a\.gltf: its JSON is damaged \(.*\); export it again$")


def test_refuses_elements_that_overlap(tmp_path):
    gltf = document()
    gltf["bufferViews"][0]["byteStride"] = 4
    with pytest.raises(ShapeError, match="buffer view 0 has a stride of 4 bytes"):
        read_shape(write(tmp_path, gltf))
