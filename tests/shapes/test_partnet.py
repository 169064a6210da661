import json

import numpy as np
import pytest

from looking3d.errors import ShapeError
from looking3d.shapes.read import read_shape

CHAIR = [
    {
        "id": 0,
        "name": "chair",
        "text": "Chair",
        "children": [
            {"id": 1, "name": "chair_seat", "objs": ["original-2", "new-0"]},
            {
                "id": 2,
                "name": "chair_base",
                "objs": ["original-3", "original-4", "original-9"],
                "children": [
                    {
                        "id": 3,
                        "name": "regular_leg_base",
                        "children": [
                            {"id": 4, "name": "leg", "objs": ["original-3"]},
                            {"id": 5, "name": "leg", "objs": ["original-4"]},
                            {"id": 6, "name": "foot"},
                        ],
                    }
                ],
            },
        ],
    }
]
MESHES = {"original-2": 2, "new-0": 3, "original-3": 5, "original-4": 7, "original-9": 11}


def quad(offset):
    """A strip of unequal sides at `offset`."""
    x = float(offset)
    return f"g m\nv {x} 0 0\nv {x + 0.5} 0 0\nv {x + 0.5} 3 0\nv {x} 3 0\nf 1 2 3\nf 1 3 4\n"


def write(folder, hierarchy=CHAIR, meshes=MESHES, name="result_after_merging.json", objs="objs"):
    (folder / objs).mkdir(parents=True)
    (folder / name).write_text(hierarchy if isinstance(hierarchy, str) else json.dumps(hierarchy))
    for mesh, offset in meshes.items():
        (folder / objs / f"{mesh}.obj").write_text(quad(offset))
    return folder


def test_leaves_are_parts_with_the_path_of_their_names(tmp_path):
    shape = read_shape(write(tmp_path / "2230"))
    assert [(part.id, part.label) for part in shape.parts] == [
        ("1", "chair/chair_seat"),
        ("4", "chair/chair_base/regular_leg_base/leg"),
        ("5", "chair/chair_base/regular_leg_base/leg"),
        # What an inner node names and none of its leaves does is a part of its own.
        ("2", "chair/chair_base"),
    ]
    assert [len(part.faces) for part in shape.parts] == [4, 2, 2, 2]
    assert [part.vertices[0, 0] for part in shape.parts] == [2, 5, 7, 11]
    assert (shape.id, shape.category) == ("2230", "chair")


def test_result_json_is_read_where_there_is_no_merged_one(tmp_path):
    folder = write(tmp_path / "1", name="result.json")
    assert len(read_shape(folder).parts) == 4
    (folder / "result_after_merging.json").write_text(
        json.dumps([{"id": 0, "name": "chair", "objs": ["new-0"]}])
    )
    assert [part.id for part in read_shape(folder).parts] == ["0", "other"]


def test_the_folder_of_partnet_mobility_is_read(tmp_path):
    assert len(read_shape(write(tmp_path / "1", name="result.json", objs="textured_objs")).parts) == 4


def test_meshes_that_no_node_names_are_one_part(tmp_path):
    shape = read_shape(write(tmp_path / "1", meshes=MESHES | {"original-20": 20, "original-21": 21}))
    assert (shape.parts[-1].id, shape.parts[-1].label) == ("other", "chair/other")
    assert len(shape.parts[-1].faces) == 4


def test_a_mesh_that_named_ones_were_cut_from_is_left_out(tmp_path):
    folder = write(tmp_path / "1", meshes=MESHES | {"new-0": 2.5})
    # original-2 and new-0 lie side by side; this strip is both of them in one.
    (folder / "objs/original-1.obj").write_text("v 2 0 0\nv 3 0 0\nv 3 3 0\nv 2 3 0\nf 1 2 3 4\n")
    assert [part.id for part in read_shape(folder).parts] == ["1", "4", "5", "2"]
    # A panel between the legs shares corners with them, yet is not part of them.
    (folder / "objs/original-1.obj").write_text("v 5.5 0 0\nv 7 0 0\nv 7 3 0\nv 5.5 3 0\nf 1 2 3 4\n")
    assert [part.id for part in read_shape(folder).parts] == ["1", "4", "5", "2", "other"]


def test_a_mesh_named_twice_belongs_to_the_first(tmp_path):
    leaves = [{"id": 7, "name": "a", "objs": ["m", "m"]}, {"id": 8, "name": "b", "objs": ["m"]}]
    shape = read_shape(write(tmp_path / "1", [{"id": 0, "name": "lamp", "children": leaves}], {"m": 4}))
    assert [part.id for part in shape.parts] == ["7"]
    assert len(shape.parts[0].faces) == 2


def test_leaves_are_never_split(tmp_path):
    shape = read_shape(
        write(tmp_path / "1", [{"id": 0, "name": "lamp", "objs": ["m", "n"]}], {"m": 4, "n": 8})
    )
    assert [(part.id, len(part.faces)) for part in shape.parts] == [("0", 4)]
    np.testing.assert_array_equal(shape.bounds, [[4, 0, 0], [8.5, 3, 0]])


def refused(folder, message):
    with pytest.raises(ShapeError, match=message) as caught:
        read_shape(folder)
    assert "\n" not in str(caught.value)


def test_refuses_a_missing_mesh(tmp_path):
    meshes = {name: x for name, x in MESHES.items() if name != "original-4"}
    refused(
        write(tmp_path / "1", meshes=meshes),
        r"1/result_after_merging\.json: node 5 \(chair/chair_base/regular_leg_base/leg\) names "
        r"objs/original-4\.obj, which is not there; unpack the shape again$",
    )


def test_refuses_a_mesh_outside_of_the_folder(tmp_path):
    (tmp_path / "secret.obj").write_text(quad(1))
    folder = write(tmp_path / "1", [{"id": 0, "name": "lamp", "objs": ["../../secret"]}], {})
    refused(folder, r"names objs/secret\.obj, which is not there")


def test_refuses_a_missing_objs_folder(tmp_path):
    folder = write(tmp_path / "1", meshes={})
    (folder / "objs").rmdir()
    refused(
        folder,
        r"1: result_after_merging\.json is there, but no folder objs/ with the meshes it names; unpack the s",
    )


@pytest.mark.parametrize(
    ("hierarchy", "message"),
    [
        (
            "[{",
            r"result_after_merging\.json: not a PartNet hierarchy .*: the JSON is damaged; unpack the shape",
        ),
        ("[]", r"result_after_merging\.json: not a PartNet hierarchy .*; pass the folder of one shape$"),
        ('{"loss": 3}', r"result_after_merging\.json: not a PartNet hierarchy"),
        (
            '[{"id": 0, "name": "chair", "children": [{"id": 1}]}]',
            r"a node lacks its id, name, children or objs",
        ),
        ('[{"name": "chair", "objs": ["a"]}]', r"a node lacks its id, name, children or objs"),
        ('[{"id": 0, "name": "chair", "children": 3}]', r"a node lacks its id, name, children or objs"),
        (
            '[{"id": 0, "name": "chair"}]',
            r"1: result_after_merging\.json names no meshes, and objs/ holds none$",
        ),
    ],
)
def test_refuses_a_damaged_hierarchy(tmp_path, hierarchy, message):
    refused(write(tmp_path / "1", hierarchy, {}), message)


def test_a_damaged_mesh_is_named(tmp_path):
    folder = write(tmp_path / "1")
    (folder / "objs/new-0.obj").write_text("v 1 2 3\n")
    refused(
        folder, r"objs/new-0\.obj: an OBJ with faces \('f' lines\) was expected, it holds only 1 vertices"
    )
