import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import trimesh

from looking3d.errors import ConfigError, Looking3DError, RendererError
from looking3d.geometry.camera import Camera, orbit
from looking3d.render import blender, blender_server
from looking3d.render.blender import BlenderRenderer, bake, sky_picture
from looking3d.render.blender_process import SETTING, find_blender
from looking3d.render.ground import Background
from looking3d.render.lighting import Lamp, Lighting
from looking3d.render.mitsuba import environment_map
from looking3d.render.photo import PhotoScene, draw_scene
from looking3d.render.prepared import PreparedShape
from looking3d.render.raycast import Raycaster
from looking3d.shapes.part_shape import Part, PartShape

FAKE = f"""
import sys
sys.path.append({str(Path(blender_server.__file__).parent)!r})
import os, queue, threading
from pathlib import Path
import numpy as np
from blender_server import _read_all, pack, unpack
waiting, folder = queue.SimpleQueue(), Path(sys.argv[-1])
requests = os.fdopen(int(sys.argv[-3]), "rb")
threading.Thread(target=_read_all, args=(requests, waiting, folder), daemon=True).start()
out = os.fdopen(int(sys.argv[-2]), "wb", buffering=0)
out.write(pack({{"ready": np.array("9")}}))
there = []
while True:
    request = unpack(waiting.get())
    with open(os.environ["FAKE_LOG"], "a") as log:
        print("shape" if "faces" in request else "photo", file=log)
    if "faces" in request:
        there = [*there[-1:], str(request["key"])]
        m = len(request["faces"])
        corner = np.stack([np.arange(m), np.zeros(m)], 1)[:, None] + [[0, 0], [0.9, 0], [0, 0.9]]
        out.write(pack({{"uv": (corner / m).astype(np.float32)}}))
    elif str(request["key"]) not in there:
        out.write(pack({{"unknown": np.array(True)}}))
    elif request["samples"] == 13:
        os.kill(os.getpid(), 9)
    else:
        width, height = request["size_px"]
        out.write(pack({{"rgba": np.full((height, width, 4), 0.5, np.float32)}}))
"""
"""A server that takes no photos, and remembers two shapes."""


def _why_not() -> str:
    try:
        find_blender()
    except Looking3DError as error:
        return str(error)
    return ""


needs_blender = pytest.mark.skipif(bool(_why_not()), reason=_why_not())


@pytest.fixture(autouse=True)
def fresh():
    """No test sees another's Blender."""
    blender._blender.cache_clear()
    yield
    blender._blender.cache_clear()


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What the fake server was asked for; renderers made in the test use it."""
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    log = tmp_path / "log"
    monkeypatch.setenv("FAKE_LOG", str(log))
    monkeypatch.setattr(blender, "find_blender", lambda: (sys.executable, "-P", str(script)))
    return lambda: log.read_text().split()


def scene_of(shape, seed: int = 1) -> PhotoScene:
    scene = draw_scene(shape, np.random.default_rng(seed))
    return dataclasses.replace(scene, background=dataclasses.replace(scene.background, shadow=0.0))


def coverage(renderer, shape, scene, camera) -> np.ndarray:
    """(height, width) how much of a pixel is the object: what does not change with the ground."""
    white, black = (
        renderer.render(
            shape, dataclasses.replace(scene, background=Background((c,) * 3, (c,) * 3, 0)), camera
        )
        for c in (1.0, 0.0)
    )
    return 1 - (white.astype(float) - black).mean(-1) / 255


def truth(shape, camera, samples: int = 12) -> np.ndarray:
    """(height, width) the same by many rays a pixel."""
    hit = Raycaster(shape).intersect(*camera.rays(samples)).face >= 0
    return hit.reshape(camera.height, samples, camera.width, samples).mean((1, 3))


def test_a_shape_is_sent_once(asked, stool, camera):
    renderer = BlenderRenderer()
    for seed in range(3):
        renderer.render(stool, scene_of(stool, seed), camera)
    assert asked() == ["shape", "photo", "photo", "photo"]


def test_a_shape_that_was_forgotten_is_sent_again(asked, stool, camera):
    renderer = BlenderRenderer()
    scene = scene_of(stool)
    shapes = [stool.with_parts(part for part in stool.parts if part.id != f"leg_{i}") for i in range(3)]
    for shape in (*shapes, shapes[0]):
        renderer.render(shape, scene, camera)
    assert asked() == ["shape", "photo"] * 3 + ["photo", "shape", "photo"]


def test_renderers_share_a_blender_and_another_is_started_for_one_that_died(asked, stool, camera):
    scene = scene_of(stool)
    first = BlenderRenderer().render(stool, scene, camera)
    (process,) = blender._blender(blender.find_blender(), os.getpid())
    with pytest.raises(RendererError, match="Blender died"):
        BlenderRenderer(samples=13).render(stool, scene, camera)
    assert not process.alive
    np.testing.assert_array_equal(BlenderRenderer().render(stool, scene, camera), first)
    assert blender._blender(blender.find_blender(), os.getpid())[0] is not process


def test_settings_are_checked(asked):
    with pytest.raises(ConfigError, match="blender renderer: samples must be at least 1, got 0"):
        BlenderRenderer(samples=0)
    with pytest.raises(ConfigError, match="max_depth must be at least 2, got 1"):
        BlenderRenderer(max_depth=1)


def test_the_sky_is_where_it_was():
    # Where Blender looks a direction up, as its manual says: u falls with the angle from +x to +y
    lamp = Lamp((0.48, 0.6, 0.64), (1.0, 0.5, 0.2), 0.05)
    dark = Lamp((0.0, 1.0, 0.0), (0.0, 0.0, 0.0), 0.4)
    sky = sky_picture(environment_map(Lighting(lamp, dark, (0.1,) * 3, (0.1,) * 3)))
    height, width = sky.shape[:2]
    x, y, z = blender._BLENDER_WORLD @ lamp.direction
    column = int((0.5 - np.arctan2(y, x) / (2 * np.pi)) * width)
    row = int((np.arctan2(z, np.hypot(x, y)) / np.pi + 0.5) * height)
    brightest = np.unravel_index(sky[..., 0].argmax(), sky.shape[:2])
    assert abs(np.array(brightest) - [row, column]).max() <= 4


def test_corners_at_one_place_are_one_vertex_and_what_folds_up_is_left_out():
    box = trimesh.creation.box([1, 1, 1])
    soup = np.asarray(box.triangles).reshape(-1, 3)
    faces = np.arange(len(soup)).reshape(-1, 3)
    part = Part("box", "part/box", np.r_[soup, soup[:1]], np.r_[faces, [[0, 1, len(soup)]]])
    mesh, kept = blender._mesh(PreparedShape(PartShape("soup", (part,)).normalized()))
    assert mesh["vertices"].shape == (8, 3)
    assert kept.tolist() == list(range(12))
    assert mesh["faces"].shape == (12, 3)


def test_materials_are_baked_where_their_faces_lie(stool):
    prepared = PreparedShape(stool)
    m = len(prepared.triangles)
    grid = np.stack(np.divmod(np.arange(m), 20), 1)[:, ::-1]
    uv = ((grid[:, None] + np.array([[0.2, 0.2], [0.8, 0.2], [0.2, 0.8]])) / 20).astype(np.float32)
    scene = scene_of(stool, 3)
    pictures = bake(prepared, scene, np.arange(m), uv, 200, 0.01)
    at = (uv.mean(1) * 200).astype(int)
    materials, of_face = prepared.materials(scene)
    for face in range(0, m, 7):
        material = materials[of_face[face]]
        x, y = at[face]
        low = np.minimum(material.color, material.color2) - 1e-5
        high = np.maximum(material.color, material.color2) + 1e-5
        assert (pictures["color"][y, x] >= low).all()
        assert (pictures["color"][y, x] <= high).all()
        finish = (material.roughness, material.metallic, material.sheen)
        np.testing.assert_allclose(pictures["finish"][y, x], finish, rtol=1e-6)


@needs_blender
@pytest.mark.parametrize(
    "camera",
    [
        dataclasses.replace(
            orbit(0.7, 0.5, 120, roll_rad=0.4), center_px=np.array([71.3, 40.6]), width=140, height=90
        ),
        dataclasses.replace(orbit(-2.1, -0.3, 90), center_px=np.array([-12.2, 80.9]), width=60, height=110),
        dataclasses.replace(orbit(2.0, 1.2, 64), center_px=np.array([-12.5, 30.0]), width=64, height=48),
    ],
    ids=["wide and rolled", "high and off centre", "a sliver at the rim"],
)
def test_coverage_is_the_raycasters_to_a_tenth_of_a_pixel(stool, camera: Camera):
    expected = truth(stool, camera)
    assert expected.sum() > 5
    found = coverage(BlenderRenderer(samples=64), stool, scene_of(stool), camera)
    # Shifted by a tenth of a pixel, a rim would differ by a tenth
    rim = (expected > 0) & (expected < 1)
    assert abs(found - expected)[~rim].max(initial=0) < 0.1
    for axis in (0, 1):
        slope = np.gradient(expected, axis=axis)
        shift = -((found - expected) * slope).sum() / max((slope**2).sum(), 1e-9)
        assert abs(shift) < 0.1


@needs_blender
def test_bytes_depend_on_neither_threads_nor_what_came_before(stool, camera):
    scene, large = scene_of(stool, 4), orbit(0.7, 0.5, 96)
    first = BlenderRenderer(samples=4).render(stool, scene, large)
    blender._blender.cache_clear()
    renderer = BlenderRenderer(samples=4, threads=2)
    other = stool.with_parts(stool.parts[1:])
    renderer.render(other, scene_of(stool, 5), camera)
    renderer.render(stool, scene_of(stool, 6), orbit(1.7, 0.2, 50))
    np.testing.assert_array_equal(renderer.render(stool, scene, large), first)


@needs_blender
def test_materials_change_a_photo_as_they_should(stool, camera):
    renderer = BlenderRenderer(samples=8)
    scene = scene_of(stool)
    mask = truth(stool, camera, 4) == 1
    for color in ((0.5, 0.1, 0.1), (0.1, 0.1, 0.5)):
        plain = {
            name: dataclasses.replace(
                material, color=color, color2=color, contrast=0.0, metallic=0.0, roughness=0.9
            )
            for name, material in scene.materials.items()
        }
        mean = renderer.render(stool, dataclasses.replace(scene, materials=plain), camera)[mask].mean(0)
        assert mean.argmax() == int(np.argmax(color))
        assert mean.max() > mean.min() + 40


def leaning_surface(monkeypatch, towards: float) -> None:
    """Make all surfaces lean towards +x or away from it."""
    smooth = PreparedShape.surface

    def surface(self, scene, p, n, face, texel):
        leaning = n + np.array([towards, 0, 0], np.float32)
        leaning /= np.linalg.norm(leaning, axis=1, keepdims=True)
        return dataclasses.replace(smooth(self, scene, p, n, face, texel), normal=leaning)

    monkeypatch.setattr(PreparedShape, "surface", surface)


def test_relief_is_baked_in_blenders_axes(stool, monkeypatch):
    prepared, scene = PreparedShape(stool), scene_of(stool)
    uv = np.broadcast_to(np.array([[0.1, 0.1], [0.9, 0.1], [0.1, 0.9]], np.float32), (1, 3, 2))
    (top,) = np.flatnonzero(prepared.raycaster.face_normals[:, 1] > 0.99)[:1]
    assert "normal" not in bake(prepared, scene, np.array([top]), uv, 20, 0.01)
    leaning_surface(monkeypatch, 0.75)
    normal = bake(prepared, scene, np.array([top]), uv, 20, 0.01)["normal"]
    np.testing.assert_allclose(normal[5, 5], [0.6, 0.0, 0.8], atol=1e-5)


@needs_blender
def test_what_leans_towards_the_light_is_brighter(stool, camera, monkeypatch):
    scene = scene_of(stool)
    key = dataclasses.replace(scene.lighting.key, direction=(0.8, 0.6, 0.0), irradiance=(0.5, 0.5, 0.5))
    scene = dataclasses.replace(scene, lighting=dataclasses.replace(scene.lighting, key=key))
    mask = truth(stool, camera, 4) == 1
    renderer = BlenderRenderer(samples=8)
    means = [renderer.render(stool, scene, camera)[mask].mean()]
    for towards in (0.6, -0.6):
        with monkeypatch.context() as patch:
            leaning_surface(patch, towards)
            means.append(renderer.render(stool, scene, camera)[mask].mean())
    means.append(renderer.render(stool, scene, camera)[mask].mean())
    smooth, lit, unlit, again = means
    assert lit > smooth + 3
    assert smooth > unlit + 3
    assert again == smooth


@needs_blender
def test_no_files_are_left(stool, camera, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    renderer = BlenderRenderer(samples=1)
    renderer.render(stool, scene_of(stool), camera)
    (folder,) = tmp_path.iterdir()
    assert not list(folder.glob("*.exr"))
    blender._blender.cache_clear()
    assert not list(tmp_path.iterdir())


@needs_blender
def test_blender_ends_with_its_parent_in_the_midst_of_a_photo(tmp_path):
    code = (
        "import os, sys, threading, time\n"
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from looking3d.geometry.camera import orbit\n"
        "from looking3d.render import blender\n"
        "from looking3d.render.photo import draw_scene\n"
        "from looking3d.shapes.procedural import generate\n"
        "shape = generate('chair', 1).normalized()\n"
        "scene = draw_scene(shape, np.random.default_rng(0))\n"
        "blender.BlenderRenderer(samples=1).render(shape, scene, orbit(0.3, 0.3, 32))\n"
        "kept = blender._blender(blender.find_blender(), os.getpid())\n"
        "Path(sys.argv[1]).write_text(str(kept[0]._process.pid))\n"
        "blender.BlenderRenderer(samples=100_000).render(shape, scene, orbit(0.3, 0.3, 512))\n"
    )
    note = tmp_path / "pid"
    surroundings = os.environ | {"TMPDIR": str(tmp_path), SETTING: os.environ.get(SETTING, "")}
    parent = subprocess.Popen([sys.executable, "-c", code, str(note)], env=surroundings)
    deadline = time.monotonic() + 60
    while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    stat = Path(f"/proc/{note.read_text()}/stat")
    time.sleep(1.5)
    assert parent.poll() is None
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while (
        stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z" and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    assert not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"
    assert [path.name for path in tmp_path.iterdir()] == ["pid"]
