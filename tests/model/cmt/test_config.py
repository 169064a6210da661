from dataclasses import asdict, replace

import pytest

from looking3d.errors import ConfigError
from looking3d.model.cmt.config import PRESETS, CmtConfig, preset


def differences(name: str, other: str = "cmt") -> dict:
    ours, theirs = asdict(preset(name)), asdict(preset(other))
    return {key: value for key, value in ours.items() if value != theirs[key]}


def test_ablations_differ_in_what_they_say() -> None:
    assert differences("cmt", "paper") == {}
    assert differences("small", "cmt-small") == {}
    for suffix in ("", "-small"):
        cmt = f"cmt{suffix}"
        assert differences(f"cmt-a{suffix}", cmt) == {"cga": False, "vlfa": False, "position_3d": False}
        assert differences(f"cmt-b{suffix}", cmt) == {"vlfa": False, "position_3d": False}
        assert differences(f"cmt-c{suffix}", cmt) == {"cga": False, "position_3d": False}
        assert differences(f"cmt-d{suffix}", cmt) == {"position_3d": False}


def test_the_paper_s_numbers() -> None:
    paper = preset("paper")
    assert (paper.feature_width, paper.projector_width, paper.width) == (128, 128, 128)
    assert (paper.blocks, paper.heads, paper.top_k) == (3, 8, 100)
    assert (paper.image_px, paper.grid, paper.train_views, paper.test_views) == (256, 32, 10, 20)
    assert paper == CmtConfig()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_px": 100}, "image_px: expected a multiple of 32, got 100"),
        ({"top_k": 0}, "top_k: expected at least 1, got 0"),
        ({"width": 100}, "width: expected a multiple of the 8 heads, got 100"),
        ({"key_momentum": 1.0}, "key_momentum: expected 0 to below 1, got 1.0"),
        ({"radius": 0.0}, "radius: expected more than 0"),
        ({"box_layers": 1}, "box_layers: expected at least 2"),
        ({"norm": "around"}, "unknown norm 'around'; choose one of: after, before"),
        ({"foreground": "all"}, "unknown foreground 'all'; choose one of: both, luma, reference"),
        ({"cga": False, "ranking": "geometry"}, "ranking: geometry ranks candidates"),
        ({"cga": False, "vlfa": False, "key_momentum": 0.9}, "key_momentum: without cga and vlfa"),
    ],
)
def test_bad_settings_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(CmtConfig(), **changes)


def test_an_unknown_preset_lists_the_known() -> None:
    with pytest.raises(ConfigError, match="unknown preset 'large'; choose one of: cmt, cmt-a, "):
        preset("large")
    assert all(preset(name) is config for name, config in PRESETS.items())
