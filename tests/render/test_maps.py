import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from looking3d.errors import MapError
from looking3d.render.color import from_linear, to_linear
from looking3d.render.maps import load_maps
from looking3d.render.material_set import MaterialSet


def set_of(folder: Path, kind: str = "plastic", **pictures: np.ndarray) -> MaterialSet:
    files = []
    for role, picture in pictures.items():
        path = folder / f"{role}.png"
        cv2.imwrite(str(path), picture[..., ::-1] if picture.ndim == 3 else picture)
        files.append((role, str(path)))
    return MaterialSet(folder.name, kind, 0.5, tuple(files))


def centres(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of the middles of all pixels, in widths."""
    v, u = np.mgrid[:rows, :columns]
    return ((u + 0.5) / columns).ravel().astype(np.float32), ((v + 0.5) / columns).ravel().astype(np.float32)


def test_at_the_middle_of_a_pixel_is_the_pixel_and_beyond_the_rim_the_other_side(tmp_path):
    base = np.random.default_rng(0).integers(0, 256, (16, 32, 3)).astype(np.uint8)
    maps = load_maps(set_of(tmp_path, base=base))
    u, v = centres(16, 32)
    expected = to_linear(base.reshape(-1, 3).astype(np.float32) / 255)
    np.testing.assert_allclose(maps.sample(u, v, 0).base, expected, atol=1e-6)
    np.testing.assert_allclose(maps.sample(u - 3, v + np.float32(1.5), 0).base, expected, atol=0.02)
    assert maps.sample(u, v, 0).roughness is None
    assert maps.sample(u, v, 0).slope is None


def test_far_away_one_sees_the_mean_of_the_light(tmp_path):
    base = np.zeros((64, 64, 3), np.uint8)
    base[::2] = 255
    maps = load_maps(set_of(tmp_path, base=base))
    u, v = centres(64, 64)
    far = maps.sample(u, v, 0.2).base
    np.testing.assert_allclose(far, 0.5, atol=0.02)
    # Halfway between sizes is between
    near = maps.sample(u, v, 1.5 / 64).base
    assert far.std() < near.std() < maps.sample(u, v, 0).base.std()


def test_normals_of_opengl_and_directx_lean_alike(tmp_path):
    slope = 0.5 * np.sin(np.arange(32) / 16 * np.pi)
    n = np.stack([np.zeros((32, 32)), np.repeat(slope[:, None], 32, 1)], -1)
    n = np.concatenate([n, np.sqrt(1 - (n**2).sum(-1, keepdims=True))], -1)
    u, v = centres(32, 32)
    leans = []
    for role, up in (("normal_gl", 1), ("normal_dx", -1)):
        (tmp_path / role).mkdir()
        picture = np.round(n * [1, up, 1] * 127 + 128).astype(np.uint8)
        leans.append(load_maps(set_of(tmp_path / role, **{role: picture})).sample(u, v, 0).slope)
    np.testing.assert_allclose(leans[0], leans[1], atol=0.02)
    # OpenGL's green looks up the picture: against its rows
    np.testing.assert_allclose(leans[0].reshape(32, 32, 2)[:, 0, 1], -slope, atol=0.02)
    assert abs(leans[0][:, 0]).max() < 0.02


def test_upright_grain_is_laid_along_columns(tmp_path):
    stripes = np.repeat(np.tile([40, 40, 200, 200], 8)[None], 32, 0).astype(np.uint8)
    normal = np.full((32, 32, 3), 128, np.uint8)
    normal[..., 0] = np.tile([100, 156], 16)
    maps = load_maps(set_of(tmp_path, "wood", base=stripes, normal_gl=normal))
    u, v = centres(32, 32)
    sample = maps.sample(u, v, 0)
    base = sample.base[:, 0].reshape(32, 32)
    assert base.std(0).min() > 0.2
    assert base.std(1).max() < 1e-6
    slope = sample.slope.reshape(32, 32, 2)
    assert abs(slope[..., 0]).max() < 0.02
    assert slope[..., 1].std() > 0.2


def test_maps_of_other_sizes_depths_and_channels_are_taken(tmp_path):
    deep = np.repeat(np.linspace(0, 65535, 48).astype(np.uint16)[None], 48, 0)
    packed = np.stack([np.full((20, 20), x) for x in (255, 80, 255)], -1).astype(np.uint8)
    maps = load_maps(set_of(tmp_path, base=deep, roughness=packed, metallic=np.full((8, 8), 255, np.uint8)))
    assert maps.color[0].shape == (66, 66, 4)
    sample = maps.sample(*centres(64, 64), 0)
    np.testing.assert_allclose(sample.base[:, 0], sample.base[:, 2])
    assert sample.base.mean() == pytest.approx(to_linear(deep / np.float32(65535)).mean(), rel=0.05)
    np.testing.assert_allclose(sample.roughness, 80 / 255, atol=1e-3)
    np.testing.assert_allclose(sample.metallic, 1)


def test_packed_occlusion_roughness_metallic(tmp_path):
    arm = np.stack([np.full((8, 8), x) for x in (0, 100, 200)], -1).astype(np.uint8)
    sample = load_maps(set_of(tmp_path, base=np.full((8, 8, 3), 255, np.uint8), arm=arm)).sample(
        *centres(8, 8), 0
    )
    np.testing.assert_allclose(sample.roughness, 100 / 255, atol=1e-3)
    np.testing.assert_allclose(sample.metallic, 200 / 255, atol=1e-3)
    np.testing.assert_allclose(sample.base, 0.5, atol=0.01)


def test_a_wide_map_keeps_its_shape(tmp_path):
    maps = load_maps(set_of(tmp_path, base=np.zeros((16, 64, 3), np.uint8)))
    assert maps.aspect == 0.25


def test_half_a_picture_is_refused_by_name(tmp_path, striped_set):
    path = tmp_path / "oak_diff.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    broken = dataclasses.replace(striped_set, files=(("base", str(path)),))
    with pytest.raises(MapError, match=r"oak_diff\.jpg: not a readable picture \(.*truncated.*base map"):
        load_maps(broken)
    Image.fromarray(np.zeros((1, 9), np.uint8)).save(tmp_path / "thin.png")
    with pytest.raises(MapError, match=r"thin\.png: 9 x 1 px, expected at least 4 x 4"):
        load_maps(dataclasses.replace(striped_set, files=(("base", str(tmp_path / "thin.png")),)))


def test_srgb_there_and_back():
    srgb = np.linspace(0, 1, 100, dtype=np.float32)
    np.testing.assert_allclose(from_linear(to_linear(srgb)), srgb, atol=1e-5)
