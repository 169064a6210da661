"""What enrolling did, in lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from looking3d.inspection.enrolment.prepare import SURE_FROM
from looking3d.inspection.words import count_of
from looking3d.shapes.source_file import shown

if TYPE_CHECKING:
    from looking3d.inspection.gallery import Entry


def told(entry: Entry) -> list[str]:
    """What became of a mesh, why, and what to do if that is wrong."""
    record = entry.record
    faces = sum(part["faces"] for part in record["parts"])
    size = " x ".join(f"{side:.2f}" for side in record["size_m"])
    lines = [
        f"{entry.id}: {count_of(len(record['parts']), 'part', 'parts')}, {faces:,} faces, {size} m "
        f"(width, height, depth), in {shown(entry.path)}",
        f"scan: {record['scan']['value']} ({record['scan']['says']})",
    ]
    if record["cleanup"] is not None:
        lines += [f"  {step['name']}: {step['says']}" for step in record["cleanup"]["steps"]]
    lines += [f"{what}: {record[what]['value']} ({record[what]['says']})" for what in ("up", "front", "unit")]
    doubts = [what for what in ("up", "front") if record[what]["confidence"] < SURE_FROM]
    look = f"look at {shown(entry.path / 'confirm.png')}"
    if doubts:
        look += f": {' and '.join(doubts)} may be wrong"
    again = f"looking3d enrol ... --id {entry.id} --up={record['up']['value']} --front DEGREES --replace"
    lines.append(f"{look}; if something is wrong, enrol it again with what the picture says, as: {again}")
    return lines
