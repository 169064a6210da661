import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from looking3d.errors import ConfigError, PhotoError
from looking3d.inspection.by_reference import inspect_jobs, plan
from looking3d.inspection.enrolment.prepare import EnrolOptions
from looking3d.inspection.gallery import Gallery
from looking3d.inspection.inspector import Inspector
from looking3d.inspection.report import write_page
from looking3d.model.query import Query
from looking3d.shapes.part_shape import PartShape
from looking3d.shapes.write import save_glb


@pytest.fixture
def gallery(tmp_path: Path, shape: PartShape) -> Path:
    save_glb(shape, tmp_path / "ell.glb")
    gallery = Gallery(tmp_path / "gallery")
    for id, front in (("ell", "z"), ("turned", "x")):
        gallery.add(tmp_path / "ell.glb", EnrolOptions(up="y", front=front, unit="m"), id=id, name=f"An {id}")
    return gallery.folder


@pytest.fixture
def photos(tmp_path: Path, query: Query) -> Path:
    alpha = np.where(query.mask, 255, 0).astype(np.uint8)
    picture = Image.fromarray(np.dstack([query.image, alpha]))
    for name in ("turned/1.png", "ell/2.png", "ell/10.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(tmp_path / "photos" / name)
    return tmp_path / "photos"


def test_each_photo_meets_its_own_reference(gallery: Path, photos: Path, fixed, tmp_path: Path) -> None:
    detector, seen = fixed(), []
    jobs = plan([photos], None, gallery)
    sections = inspect_jobs(jobs, lambda loaded, _: Inspector(loaded, detector), lambda *at: seen.append(at))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert [(section.id, [r.name for r in section.results]) for section in sections] == [
        ("ell", ["2.png", "10.png"]),
        ("turned", ["1.png"]),
    ]
    assert [row["reference"] for section in sections for row in section.to_json()] == ["ell", "ell", "turned"]
    json.dumps([section.to_json() for section in sections], allow_nan=False)
    page = tmp_path / "page.html"
    write_page([(section.reference, section.results) for section in sections], page)
    text = page.read_text()
    assert "2 references: photos against their 3D models" in text
    assert text.index('id="reference-1"') < text.index('id="photo-2"') < text.index('id="reference-2"')
    assert text.index('id="reference-2"') < text.index('id="photo-3"')
    assert "An turned" in text


def test_one_reference_of_a_gallery_and_one_of_a_file(gallery: Path, photos: Path, tmp_path: Path) -> None:
    (job,) = plan([photos / "turned"], Path("ell"), gallery)
    assert (job.id, job.load().name, len(job.photos)) == ("ell", "An ell", 1)
    (job,) = plan([photos / "turned"], tmp_path / "ell.glb", None)
    assert (job.id, job.load().name) == (None, "ell.glb")
    (job,) = plan([photos / "turned"], None, gallery)
    assert job.id == "turned"


def test_mistakes(gallery: Path, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="no photos; name at least one"):
        plan([], None, gallery)
    with pytest.raises(ConfigError, match="no reference; pass --reference with a 3D model, or --gallery"):
        plan([photos], None, None)
    with pytest.raises(ConfigError, match=r"no reference 'gone' in .*; it holds: ell, turned"):
        plan([photos], Path("gone"), gallery)
    with pytest.raises(ConfigError, match="settled when a reference is enrolled"):
        plan([photos], None, gallery, up="z")
    with pytest.raises(PhotoError, match="which reference does it belong to"):
        plan([photos / "ell" / "2.png"], None, gallery)
    with pytest.raises(PhotoError, match="no such file or folder"):
        plan([photos / "none"], None, gallery)
    (photos / "ell" / "2.png").rename(photos / "2.png")
    with pytest.raises(PhotoError, match=r"2\.png lies beside folders of references"):
        plan([photos], None, gallery)
    (photos / "2.png").unlink()
    (photos / "other").mkdir()
    with pytest.raises(ConfigError, match=r"no reference 'other' in"):
        plan([photos], None, gallery)


def test_items_in_folders(gallery: Gallery, photos: Path, fixed, tmp_path: Path) -> None:
    for name in ("ell/7/a.png", "ell/7/b.png", "ell/8/a.png", "turned/7/a.png"):
        path = tmp_path / "items" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((photos / "ell" / "2.png").read_bytes())
    detector = fixed()

    def joined(paths: list[Path], reference: Path | None, gallery: Path | None) -> list[list[tuple]]:
        jobs = plan(paths, reference, gallery, together=True)
        sections = inspect_jobs(jobs, lambda loaded, _: Inspector(loaded, detector))
        assert [len(section.to_json(together=True)) for section in sections] == [
            len(s.items) for s in sections
        ]
        return [[(item.name, len(item.results)) for item in section.items] for section in sections]

    items = tmp_path / "items"
    assert joined([items], None, gallery) == [[("7", 2), ("8", 1)], [("7", 1)]]
    assert joined([items / "ell"], None, gallery) == [[("7", 2), ("8", 1)]]
    assert joined([items / "ell"], Path("turned"), gallery) == [[("7", 2), ("8", 1)]]
    assert joined([items / "ell", photos / "ell"], tmp_path / "ell.glb", None) == [
        [("7", 2), ("8", 1), ("ell", 2)]
    ]
    assert joined([items / "ell" / "7" / "a.png"], tmp_path / "ell.glb", None) == [[("7", 1)]]
    (items / "ell" / "loose.png").touch()
    with pytest.raises(PhotoError, match=r"loose\.png lies beside folders of items"):
        plan([items], None, gallery, together=True)
