"""Write a dataset as COCO instances: a json a split beside its images, a category a kind of anomaly."""

from __future__ import annotations

import json
from pathlib import Path

from looking3d.anomalies import KINDS
from looking3d.dataset.conversion import read_records
from looking3d.dataset.load import Dataset
from looking3d.dataset.rle import encode_mask
from looking3d.dataset.schema import Sample
from looking3d.files import whole, write_whole


class Coco:
    """`images/<split>/` and `annotations/instances_<split>.json`; normal photos have no annotation."""

    def write_shape(self, dataset: Dataset, samples: list[Sample], first: int, out: Path) -> dict:
        """Copy a shape's photos; its record holds their images and annotations."""
        images, annotations = [], []
        for number, sample in enumerate(samples, first):
            name = f"{sample.shape_id}_{number - first:03d}_{sample.kind}.png"
            write_whole(out / "images" / sample.split / name, dataset.photo_path(sample).read_bytes())
            images.append(
                {
                    "id": number + 1,
                    "file_name": name,
                    "width": sample.camera.width,
                    "height": sample.camera.height,
                    "shape_id": sample.shape_id,
                    "kind": sample.kind,
                    "odd_reference": sample.odd_reference,
                    "camera": sample.camera.to_json(),
                }
            )
            if sample.anomalous:
                changed = dataset.masks(sample).changed
                annotations.append(
                    {
                        "id": number + 1,
                        "image_id": number + 1,
                        "category_id": _category_id(sample.kind),
                        "bbox": list(sample.box),
                        "area": int(changed.sum()),
                        "segmentation": encode_mask(changed),
                        "iscrowd": 0,
                        "part_id": sample.part_id,
                        "part_label": sample.part_label,
                        "severity": sample.severity,
                        "visible": sample.visible,
                    }
                )
        return {"split": samples[0].split, "images": images, "annotations": annotations}

    def finish(self, dataset: Dataset, records: list[Path], out: Path) -> None:
        """Write a json a split, row by row, so that large datasets need no memory."""
        categories = [{"id": _category_id(kind), "name": kind, "supercategory": "anomaly"} for kind in _KINDS]
        for split in [split for split, ids in dataset.splits.items() if ids]:
            path = out / "annotations" / f"instances_{split}.json"
            path.parent.mkdir(exist_ok=True)
            with whole(path) as temporary, temporary.open("w") as file:
                file.write(f'{{"info": {json.dumps({"description": dataset.path.name})},\n"licenses": [],\n')
                file.write(f'"categories": {json.dumps(categories)}')
                for field in ("images", "annotations"):
                    rows = (
                        json.dumps(row)
                        for record in read_records(records)
                        if record["split"] == split
                        for row in record[field]
                    )
                    file.write(f',\n"{field}": [\n')
                    for i, row in enumerate(rows):
                        file.write((",\n" if i else "") + row)
                    file.write("\n]")
                file.write("}\n")


_KINDS = (*KINDS, "anomaly")
"""Kinds in the order of their categories; the last is for datasets that do not tell the kind."""


def _category_id(kind: str) -> int:
    return _KINDS.index(kind) + 1
