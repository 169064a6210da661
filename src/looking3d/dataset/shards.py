"""Write a dataset as WebDataset shards: tar files whose bytes depend on the dataset alone."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from looking3d.dataset.conversion import read_records
from looking3d.dataset.load import Dataset, GeneratedDataset
from looking3d.dataset.schema import Sample
from looking3d.files import PARTIAL, write_whole

SHARD_BYTES = 256 * 2**20
"""A shard is closed once it is this large."""


class WebDataset:
    """`<split>-NNNNNN.tar` with `.png`, `.mask.png` and `.json` a photo; `references-<split>-NNNNNN.tar` with
    `.npz`, `.json` and, where the dataset has it, `.glb` a shape, whose key is the photos' `shape_id`.
    """

    def write_shape(self, dataset: Dataset, samples: list[Sample], first: int, out: Path) -> dict:
        """Write two small tars, which `finish` joins to shards."""
        shape_id, split = samples[0].shape_id, samples[0].split
        photos: list[tuple[str, bytes]] = []
        for number, sample in enumerate(samples):
            key = f"{shape_id}_{number:03d}"
            labels = sample.to_json() | {"camera": sample.camera.to_json(), "key": key}
            masks = dataset.masks(sample)
            photos += [
                (f"{key}.png", dataset.photo_path(sample).read_bytes()),
                (f"{key}.mask.png", masks.to_png()),
                (f"{key}.json", json.dumps(labels).encode()),
            ]
        reference = dataset.reference(shape_id)
        files = [(f"{shape_id}.json", json.dumps({"id": shape_id, "source": reference.source}).encode())]
        if isinstance(dataset, GeneratedDataset):
            folder = dataset.reference(shape_id).path
            files.append((f"{shape_id}.npz", (folder / "reference.npz").read_bytes()))
            files.append((f"{shape_id}.glb", (folder / "mesh.glb").read_bytes()))
        else:
            buffer = io.BytesIO()
            np.savez_compressed(
                buffer,
                views=reference.views,
                T_camera_world=np.stack([camera.T_camera_world for camera in reference.cameras]),
                focal_px=np.array([camera.focal_px for camera in reference.cameras]),
                center_px=np.stack([camera.center_px for camera in reference.cameras]),
                points=reference.points,
                valid=reference.valid,
            )
            files.append((f"{shape_id}.npz", buffer.getvalue()))
        names = {}
        for what, members in (("photos", photos), ("references", files)):
            names[what] = f"conversion{PARTIAL}/{shape_id}-{what}.tar"
            write_whole(out / names[what], _tar(members))
        return {"split": split, **names}

    def finish(self, dataset: Dataset, records: list[Path], out: Path) -> None:
        """Join the shapes' tars to shards, in the dataset's order."""
        for what, prefix in (("photos", ""), ("references", "references-")):
            for split in dataset.splits:
                rows = (record for record in read_records(records) if record["split"] == split)
                _join((out / row[what] for row in rows), out, f"{prefix}{split}")


def _tar(members: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mode = 0o644
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _join(tars: Iterator[Path], out: Path, prefix: str) -> None:
    """Shards from small tars; a shape's files stay in one shard."""
    shard: Path | None = None
    file: BinaryIO | None = None
    number = 0
    for tar in tars:
        data = tar.read_bytes()
        # Two blocks of zeros end a tar, and more fill it up; the members alone are joined.
        with tarfile.open(fileobj=io.BytesIO(data)) as opened:
            last = opened.getmembers()[-1]
        end = last.offset_data + -(-last.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
        if file is not None and shard is not None and file.tell() + end > SHARD_BYTES:
            _close(file, shard)
            file, number = None, number + 1
        if file is None:
            shard = out / f"{prefix}-{number:06d}.tar"
            file = shard.with_name(shard.name + PARTIAL).open("wb")
        file.write(data[:end])
    if file is not None and shard is not None:
        _close(file, shard)


def _close(file: BinaryIO, shard: Path) -> None:
    file.write(bytes(2 * tarfile.BLOCKSIZE))
    file.close()
    os.replace(shard.with_name(shard.name + PARTIAL), shard)
