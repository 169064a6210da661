"""The API's part on references: enrol, look at, remove, calibrate."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Response, UploadFile
from fastapi import Path as InPath

from looking3d.errors import RequestError
from looking3d.inspection.enrolment.prepare import EnrolOptions
from looking3d.inspection.gallery import CONFIRM, MESH, THUMBNAIL, TURNTABLE
from looking3d.shapes.cleanup import CleanupOptions
from looking3d.web.app_state import get_client, get_service
from looking3d.web.schemas import CalibrationIn, CalibrationOut, Problem, ReferenceOut, References, Undone
from looking3d.web.service import Service, Upload
from looking3d.web.uploads import harmless_name

ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"

Id = Annotated[str, InPath(pattern=ID, description="Of a reference.")]
TheService = Annotated[Service, Depends(get_service)]
Client = Annotated[str, Depends(get_client)]

REFUSALS: dict[int | str, dict[str, object]] = {
    status: {"model": Problem, "description": what}
    for status, what in (
        (401, "The API key is missing or wrong."),
        (403, "A request from the page of another site."),
        (404, "There is none."),
        (422, "It cannot be used; `detail` says why."),
    )
}
QUEUE_REFUSALS: dict[int | str, dict[str, object]] = {
    **REFUSALS,
    400: {"model": Problem, "description": "The form is damaged."},
    413: {"model": Problem, "description": "Too large, or too many at once."},
    429: {
        "model": Problem,
        "description": "The queue is full, or your share of it; Retry-After says when to try again.",
    },
    503: {"model": Problem, "description": "The service is stopping."},
}

router = APIRouter(prefix="/v1/references", tags=["references"], responses=REFUSALS)


def _file(kind: str) -> dict[int | str, dict[str, object]]:
    return {200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}}}}}


@router.post(
    "", status_code=201, responses={**QUEUE_REFUSALS, 409: {"model": Problem, "description": "Taken."}}
)
async def enrol(
    service: TheService,
    client: Client,
    mesh: Annotated[UploadFile, File(description="GLB, glTF, OBJ, STL, PLY, OFF, or a zip of parts.")],
    id: Annotated[str | None, Form(description="By default made of the file's name.", pattern=ID)] = None,
    name: Annotated[str | None, Form(description="What people call it.", max_length=120)] = None,
    up: Annotated[str, Form(description="auto, x, y, z, -x, -y, -z, or a direction as 0,0.1,1.")] = "auto",
    front: Annotated[
        str, Form(description="auto, an axis, or degrees as the confirm picture tells.")
    ] = "auto",
    unit: Annotated[Literal["auto", "m", "cm", "mm", "in"], Form()] = "auto",
    scan: Annotated[Literal["auto", "yes", "no"], Form(description="Whether to clean it up.")] = "auto",
    faces: Annotated[int | None, Form(description="Reduce it to so many faces.", ge=4, le=2_000_000)] = None,
    replace: Annotated[bool, Form(description="Whether another reference of this id gives way.")] = False,
) -> ReferenceOut:
    """Enrol a mesh as a reference. Look at its `confirm` picture: up and front may be guesses."""
    as_scan = {"auto": None, "yes": True, "no": False}[scan]
    options = EnrolOptions(up, front, unit, as_scan, CleanupOptions(faces=faces))
    upload = Upload(harmless_name(mesh.filename, "reference"), mesh.file)
    return ReferenceOut.of(
        await asyncio.wrap_future(service.enrol(upload, options, id or None, name or None, replace, client))
    )


@router.get("")
def list_references(service: TheService) -> References:
    """All references, by id."""
    return References(references=[ReferenceOut.of(entry) for entry in service.gallery.entries()])


@router.get("/{id}")
def get_reference(service: TheService, id: Id) -> ReferenceOut:
    """A reference."""
    return ReferenceOut.of(service.reference(id))


@router.delete("/{id}", status_code=204)
def remove_reference(service: TheService, id: Id) -> None:
    """Remove a reference. Its inspections stay in the history."""
    service.remove(id)


@router.get("/{id}/thumbnail", response_class=Response, responses=_file("image/png"))
def get_thumbnail(service: TheService, id: Id) -> Response:
    """A picture of it, 256 px."""
    return _sent(service, id, THUMBNAIL, "image/png")


@router.get("/{id}/turntable", response_class=Response, responses=_file("image/png"))
def get_turntable(service: TheService, id: Id) -> Response:
    """Eight views around it, four in a row, the first from the front."""
    return _sent(service, id, TURNTABLE, "image/png")


@router.get("/{id}/confirm", response_class=Response, responses=_file("image/png"))
def get_confirm(service: TheService, id: Id) -> Response:
    """A picture to confirm up and front by."""
    return _sent(service, id, CONFIRM, "image/png")


@router.get("/{id}/mesh.glb", response_class=Response, responses=_file("model/gltf-binary"))
def get_mesh(service: TheService, id: Id) -> Response:
    """The mesh: +Y up, the front faces +Z, in metres, a node a part."""
    return _sent(service, id, MESH, "model/gltf-binary")


@router.get("/{id}/calibration")
def get_calibration(service: TheService, id: Id) -> CalibrationOut:
    """The calibration in use."""
    return CalibrationOut.of(service.calibration(id))


@router.post("/{id}/calibration", status_code=201)
def calibrate(service: TheService, id: Id, options: CalibrationIn) -> CalibrationOut:
    """Set the reference's threshold by the marks of its inspections."""
    return CalibrationOut.of(service.calibrate(id, options.false_alarm_rate, options.foreground))


@router.delete("/{id}/calibration")
def undo_calibration(service: TheService, id: Id) -> Undone:
    """Go back to the calibration before."""
    calibration = service.undo_calibration(id)
    return Undone(calibration=None if calibration is None else CalibrationOut.of(calibration))


def _sent(service: Service, id: str, file: str, kind: str) -> Response:
    """A file of a reference."""
    try:
        data = (service.reference(id).path / file).read_bytes()
    except FileNotFoundError as error:
        raise RequestError(404, f"the {file} of reference {id!r} is gone; enrol it again") from error
    return Response(data, media_type=kind)
