"""The API's part on photos: inspect them, look through the history, mark verdicts."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Query, Response, UploadFile
from fastapi import Path as InPath

from looking3d.web.app_state import get_metrics
from looking3d.web.history import MarkFilter
from looking3d.web.metrics import Metrics
from looking3d.web.routes_references import ID, QUEUE_REFUSALS, REFUSALS, Client, Id, TheService
from looking3d.web.schemas import FailureOut, InspectedOut, InspectionOut, InspectionPage, ItemOut, MarkIn
from looking3d.web.service import PhotoOptions, Service, Upload, WebMethod, outcomes
from looking3d.web.uploads import harmless_name

MOST_ON_A_PAGE = 200

InspectionId = Annotated[str, InPath(pattern="^[0-9a-f]{32}$", description="Of an inspection.")]

router = APIRouter(prefix="/v1", tags=["inspections"], responses=REFUSALS)


def _file(kind: str) -> dict[int | str, dict[str, object]]:
    return {200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}}}}}


@router.post("/references/{id}/inspections", status_code=201, responses=QUEUE_REFUSALS)
async def inspect(
    service: TheService,
    client: Client,
    metrics: Annotated[Metrics, Depends(get_metrics)],
    id: Id,
    photos: Annotated[list[UploadFile], File(description="One or more photos.", min_length=1)],
    foreground: Annotated[WebMethod, Form(description="How the object is found in them.")] = "auto",
    threshold: Annotated[
        float | None, Form(description="By default as the reference is calibrated, else 0.5.", ge=0, le=1)
    ] = None,
    together: Annotated[bool, Form(description="Whether they show one item, judged by all of them.")] = False,
) -> InspectedOut:
    """Inspect photos. Those that cannot be inspected are failures; if all are, so is the request."""
    uploads = [
        Upload(harmless_name(photo.filename, f"photo-{number}"), photo.file)
        for number, photo in enumerate(photos, 1)
    ]
    futures = service.inspect(id, uploads, PhotoOptions(foreground, threshold, together), client)
    # All have to end before the uploads are closed; what went wrong with each is looked at below.
    await asyncio.gather(*(asyncio.wrap_future(future) for future in futures), return_exceptions=True)
    inspected, failures = outcomes(futures, uploads)
    for one in inspected:
        metrics.verdicts.labels(one.record.reference, one.record.verdict).inc()
    return InspectedOut(
        inspections=[InspectionOut.of(one.record) for one in inspected],
        failures=[FailureOut(name=name, detail=detail) for name, detail in failures],
        item=ItemOut.of(inspected) if together else None,
    )


@router.get("/inspections")
def list_inspections(
    service: TheService,
    limit: Annotated[int, Query(ge=1, le=MOST_ON_A_PAGE)] = 50,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    reference: Annotated[str | None, Query(pattern=ID, description="Id of a reference.")] = None,
    verdict: Annotated[Literal["normal", "anomalous", "unsure"] | None, Query()] = None,
    mark: Annotated[MarkFilter | None, Query(description="none: not marked yet; any: marked.")] = None,
) -> InspectionPage:
    """The history, the latest first."""
    page = service.history.page(limit, offset, reference, verdict, mark)
    return InspectionPage(
        inspections=[InspectionOut.of(record) for record in page.records],
        total=page.total,
        limit=limit,
        offset=offset,
    )


@router.get("/inspections/{id}")
def get_inspection(service: TheService, id: InspectionId) -> InspectionOut:
    """An inspection."""
    return InspectionOut.of(service.record(id))


@router.delete("/inspections/{id}", status_code=204)
def delete_inspection(service: TheService, id: InspectionId) -> None:
    """Delete an inspection and its pictures, marked or not. Calibrations that it counted in stay."""
    service.delete(id)


@router.put("/inspections/{id}/mark")
def mark_inspection(service: TheService, id: InspectionId, mark: MarkIn) -> InspectionOut:
    """Say whether the verdict was right, or what the object is; calibration learns from it."""
    return InspectionOut.of(service.mark(id, mark.mark))


@router.get("/inspections/{id}/photo.jpg", response_class=Response, responses=_file("image/jpeg"))
def get_photo(service: TheService, id: InspectionId) -> Response:
    """The photo, upright, 1600 px at most."""
    return _sent(service, id, "photo")


@router.get("/inspections/{id}/overlay.png", response_class=Response, responses=_file("image/png"))
def get_overlay(service: TheService, id: InspectionId) -> Response:
    """The photo in pale grey, what differs in red, boxed if anomalous."""
    return _sent(service, id, "overlay")


@router.get("/inspections/{id}/drawing.png", response_class=Response, responses=_file("image/png"))
def get_drawing(service: TheService, id: InspectionId) -> Response:
    """The reference as the photo's camera would see it."""
    return _sent(service, id, "drawing")


@router.get("/inspections/{id}/heat.png", response_class=Response, responses=_file("image/png"))
def get_heat(service: TheService, id: InspectionId) -> Response:
    """What differs, in red on nothing, to be laid over the photo."""
    return _sent(service, id, "heat")


@router.get("/inspections/{id}/view.png", response_class=Response, responses=_file("image/png"))
def get_view(service: TheService, id: InspectionId) -> Response:
    """The reference from the closest of its views."""
    return _sent(service, id, "view")


def _sent(service: Service, id: str, name: str) -> Response:
    data, suffix = service.picture(id, name)
    kind = "image/jpeg" if suffix == "jpg" else "image/png"
    # An inspection's pictures never change; but what is deleted has to go from browsers, too, before long.
    return Response(data, media_type=kind, headers={"Cache-Control": "private, max-age=3600, immutable"})
