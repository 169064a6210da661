import numpy as np
import pytest
import trimesh

from looking3d.errors import ShapeError
from looking3d.shapes.obj import read_obj
from looking3d.shapes.read import read_shape

# Two objects, each with relative indices, as some exporters write them.
RELATIVE = """\
o seat
v 0 0 0
v 2 0 0
v 0 3 0
f -3 -2 -1
o back
v 5 0 0
v 6 0 0
v 5 4 0
f -3//1 -2//1 -1//1
"""


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "chair.obj"
    path.write_bytes(text.encode(encoding))
    return path


def area(part):
    return trimesh.Trimesh(part.vertices, part.faces, process=False).area


def test_objects_are_parts_and_relative_indices_count_from_the_line(tmp_path):
    shape = read_shape(write(tmp_path, RELATIVE))
    assert [(part.id, part.label) for part in shape.parts] == [("seat", "part/seat"), ("back", "part/back")]
    np.testing.assert_array_equal(shape["seat"].vertices, [[0, 0, 0], [2, 0, 0], [0, 3, 0]])
    np.testing.assert_array_equal(shape["back"].vertices, [[5, 0, 0], [6, 0, 0], [5, 4, 0]])


def test_groups_are_parts_where_there_is_one_object(tmp_path):
    text = (
        "o chair\nv 0 0 0\nv 2 0 0\nv 0 3 0\ng z leg\nf 1 2 3\ng\nf 2 3 1\ng a\nf 3 2 1\ng z leg\nf 3 1 2\n"
    )
    shape = read_shape(write(tmp_path, text))
    assert [part.id for part in shape.parts] == ["z leg", "unnamed", "a"]
    assert [len(part.faces) for part in shape.parts] == [2, 1, 1]


def test_objects_win_over_groups(tmp_path):
    text = "v 0 0 0\nv 2 0 0\nv 0 3 0\no b\ng x\nf 1 2 3\ng y\nf 1 2 3\no a\ng x\nf 1 2 3\n"
    assert [surface.name for surface in read_obj(write(tmp_path, text))] == ["b", "a"]


def test_without_objects_and_groups_components_are_the_parts(tmp_path):
    text = RELATIVE.replace("o seat", "s 1").replace("o back", "usemtl wood")
    shape = read_shape(write(tmp_path, text))
    assert [part.id for part in shape.parts] == ["component_00", "component_01"]


def test_reads_what_trimesh_reads(tmp_path):
    mesh = trimesh.creation.annulus(1, 2, 3)
    mesh.export(tmp_path / "a.obj")
    (surface,) = read_obj(tmp_path / "a.obj")
    expected = trimesh.load_mesh(tmp_path / "a.obj", process=False)
    np.testing.assert_array_equal(surface.vertices[surface.faces], expected.triangles)


def test_polygons_become_triangles_concave_ones_too(tmp_path):
    # A quad, then an L of area 5 with its inner corner opposite to a fan's first corner, then a triangle.
    text = (
        "v 0 0 0\nv 4 0 0\nv 4 1 0\nv 0 1 0\n"
        "v 0 0 1\nv 0 0 4\nv 0 2 4\nv 0 2 3\nv 0 1 3\nv 0 1 1\n"
        "o quad\nf 1/1/1 2/1/1 3/1/1 4/1/1\no ell\nf 6 7 8 9 10 5\no three\nf 1 2 3\n"
    )
    shape = read_shape(write(tmp_path, text))
    assert [len(part.faces) for part in shape.parts] == [2, 4, 1]
    assert [area(part) for part in shape.parts] == pytest.approx([4, 4, 2])
    # The polygon's side is kept.
    a, b, c = shape["ell"].vertices[shape["ell"].faces].transpose(1, 0, 2)
    assert (np.cross(b - a, c - a)[:, 0] < 0).all()


def test_every_way_to_start_a_concave_polygon_gives_its_area(tmp_path):
    corners = [(0, 0), (5, 0), (5, 5), (2.5, 1), (0, 5)]
    lines = "".join(f"v {x} {y} {x + y}\n" for x, y in corners)
    for start in range(5):
        order = [1 + (start + i) % 5 for i in range(5)]
        shape = read_shape(write(tmp_path, lines + "f " + " ".join(map(str, order)) + "\n"))
        assert area(shape.parts[0]) == pytest.approx((25 - 10) * np.sqrt(3))


def test_odd_but_legal_lines(tmp_path):
    text = (
        "\ufeff# comment\r\nmtllib none.mtl\r\nv 0 0 0 1.0 0.5 0.5 0.5\r\nv 2 0 0 # a corner\r\n"
        "v 0 3 \\\r\n 0\r\nvt 0 0\r\nvn 0 0 1\r\nl 1 2\r\nf 1 2\r\nf 1/1 2/1 3/1 # front\r\n"
    )
    (surface,) = read_obj(write(tmp_path, text))
    assert (surface.vertices.shape, surface.faces.tolist()) == ((3, 3), [[0, 1, 2]])


def test_names_in_latin_1_and_names_with_slashes(tmp_path):
    text = "v 0 0 0\nv 2 0 0\nv 0 3 0\no Sitzfl\xe4che\nf 1 2 3\no base/leg\nf 1 2 3\n"
    shape = read_shape(write(tmp_path, text, "latin-1"))
    assert [part.id for part in shape.parts] == ["Sitzfläche", "base_leg"]
    assert shape.parts[1].label == "part/base_leg"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "v 0 0 0\nv 1 0 0\n",
            r"chair\.obj: an OBJ with faces \('f' lines\) was expected, it holds only 2 vert",
        ),
        ("\0\1\2garbage\xff", r"chair\.obj: an OBJ with faces \('f' lines\) was expected, it holds neither "),
        (
            "v 0 0 0\nv 1 zero 0\n",
            r"chair\.obj, line 2: 'v 1 zero 0' is not a vertex 'v x y z'; export the file",
        ),
        (
            "v 0 0 0\nv 1 0\n",
            r"chair\.obj, line 2: 'v 1 0' is not a vertex 'v x y z'; export the file again$",
        ),
        (
            "v 0 0 0\nf a b c\n",
            r"chair\.obj, line 2: 'f a b c' is not a face 'f 1 2 3'; export the file again$",
        ),
        (
            "v 0 0 0\nf 1 1 7\n",
            r"chair\.obj: a face names vertex 6, counted from 0, but there are 1; the file",
        ),
        (
            "v 0 0 0\nf 0 1 1\n",
            r"chair\.obj: a face names vertex -1, counted from 0, but there are 1; the file",
        ),
        (
            "v 0 0 0\nf -9 1 1\n",
            r"chair\.obj: a face names vertex -8, counted from 0, but there are 1; the fil",
        ),
        (
            "v 0 0 0\nv 1 0 nan\nv 0 1 inf\nv 9 9 9\nf 1 2 3 4\n",
            r"chair\.obj: 2 of 4 vertices are NaN or infinite; repair the mesh and export it again$",
        ),
    ],
)
def test_refuses(tmp_path, text, message):
    with pytest.raises(ShapeError, match=message):
        read_shape(write(tmp_path, text))
