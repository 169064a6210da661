"""What the API answers, as OpenAPI has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from looking3d.inspection.calibration import FILE, Calibration
from looking3d.inspection.gallery import Entry
from looking3d.inspection.item import join
from looking3d.web.history import Mark, Record
from looking3d.web.service import Inspected


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(
        description="For programs: urn:looking3d: and a word.", examples=["urn:looking3d:photo"]
    )
    title: str = Field(examples=["Unprocessable Entity"])
    status: int
    detail: str = Field(description="In a sentence: what was expected, what came, what to do.")


class Choice(BaseModel):
    """What was settled on in enrolling, and why."""

    value: str
    says: str
    confidence: float


class Part(BaseModel):
    """A part of a reference."""

    id: str
    label: str
    faces: int


class ReferenceOut(BaseModel):
    """A reference of the gallery."""

    id: str
    name: str
    created: str | None
    source: str
    content_sha256: str
    size_m: list[float] = Field(description="Width, height, depth.")
    parts: list[Part]
    up: Choice
    front: Choice
    unit: Choice
    scan: Choice
    calibrated: bool = Field(description="Whether its threshold is set by photos.")
    links: dict[str, str] = Field(description="Paths of its pictures and its mesh.")

    @staticmethod
    def of(entry: Entry) -> ReferenceOut:
        """What is told of an entry."""
        base = f"/v1/references/{entry.id}"
        names = ("thumbnail", "turntable", "confirm", "mesh.glb", "inspections")
        links = {"self": base} | {name.removesuffix(".glb"): f"{base}/{name}" for name in names}
        return ReferenceOut.model_validate(
            {
                "created": None,
                **entry.record,
                "id": entry.id,
                "calibrated": (entry.path / FILE).is_file(),
                "links": links,
            }
        )


class References(BaseModel):
    """All references."""

    references: list[ReferenceOut]


class Warning(BaseModel):
    """What about a photo makes its verdict less sure."""

    kind: str
    message: str


class InspectionOut(BaseModel):
    """What came of a photo; besides these, all that `looking3d inspect --json` tells."""

    model_config = ConfigDict(extra="allow")

    id: str
    reference: str
    created: str
    name: str
    verdict: Literal["normal", "anomalous", "unsure"]
    probability: float
    threshold: float
    threshold_from: Literal["given", "calibration", "default"]
    summary: str
    trust: Literal["high", "medium", "low"]
    warnings: list[Warning]
    width: int
    height: int
    box: list[int] | None = Field(
        description="x, y, width, height of what differs most, in pixels of the photo of `width` by `height`."
    )
    boxes: list[list[int]]
    part: dict[str, str] | None = Field(description="That the anomaly most likely concerns.")
    kind: str | None = Field(
        default=None,
        description="That it most likely is: position, rotation, broken, swapped or missing.",
    )
    what: str | None = Field(default=None, description="Part and kind in words.")
    p_value: float | None = Field(description="Share of normal photos that look as odd, if calibrated.")
    mark: Mark | None
    together: str | None = Field(description="Shared by photos of one item.")
    links: dict[str, str] = Field(description="Paths of its pictures.")

    @staticmethod
    def of(record: Record) -> InspectionOut:
        """What is told of a record."""
        base = f"/v1/inspections/{record.id}"
        links = {"self": base, "reference": f"/v1/references/{record.reference}"}
        for name, file in record.pictures.items():
            links[name] = f"{base}/{name}.{file.rsplit('.', 1)[-1]}"
        return InspectionOut.model_validate(
            {
                **record.result,
                "id": record.id,
                "reference": record.reference,
                "created": record.created,
                "mark": record.mark,
                "together": record.together,
                "links": links,
            }
        )


class FailureOut(BaseModel):
    """A photo that could not be inspected."""

    name: str
    detail: str


class ItemOut(BaseModel):
    """What photos of one item say together."""

    id: str
    verdict: Literal["normal", "anomalous", "unsure"]
    probability: float | None
    threshold: float | None
    summary: str
    part: dict[str, str] | None
    counted: int = Field(description="Photos that could be aligned, and so count.")

    @staticmethod
    def of(inspected: Sequence[Inspected]) -> ItemOut:
        """The verdict by photos that were inspected together, one at least."""
        item = join([one.inspection for one in inspected])
        record = inspected[0].record
        return ItemOut.model_validate({**item.to_json(), "id": record.together or record.id})


class InspectedOut(BaseModel):
    """What came of the photos of one request, in their order."""

    inspections: list[InspectionOut]
    failures: list[FailureOut]
    item: ItemOut | None = Field(description="With `together`: the verdict on the item.")


class InspectionPage(BaseModel):
    """A page of the history, the latest first."""

    inspections: list[InspectionOut]
    total: int
    limit: int
    offset: int


class MarkIn(BaseModel):
    """What a person says of a verdict (right, wrong) or of the object (normal, anomalous)."""

    model_config = ConfigDict(extra="forbid")

    mark: Mark | None = Field(description="null takes it back.")


class CalibrationIn(BaseModel):
    """How to calibrate."""

    model_config = ConfigDict(extra="forbid")

    false_alarm_rate: float = Field(
        0.05, gt=0, lt=1, description="Share of normal photos that may be called anomalous."
    )
    foreground: Literal["auto", "network", "alpha", "plain", "grabcut", "rembg"] = Field(
        "auto", description="Marks of photos that were inspected so count, and photos inspected so obey."
    )


class CalibrationOut(BaseModel):
    """A reference's threshold, and what it rests on."""

    model_config = ConfigDict(extra="allow")

    threshold: float
    false_alarm_rate: float
    promised_rate: float
    normal: list[float]
    anomalous: list[float]

    @staticmethod
    def of(calibration: Calibration) -> CalibrationOut:
        """What is told of a calibration."""
        values: dict[str, Any] = calibration.to_json()
        return CalibrationOut.model_validate({**values, "is_kept": calibration.is_kept})


class Undone(BaseModel):
    """What is in use after a calibration was undone."""

    calibration: CalibrationOut | None


class Health(BaseModel):
    """How the service is."""

    live: bool
    ready: bool
    version: str
    waiting: int = Field(description="Photos and meshes in the queue.")
