"""The app: API, health, metrics and page, behind one guard."""

from __future__ import annotations

from importlib import resources
from typing import Annotated

from fastapi import Depends, FastAPI, Response
from fastapi.responses import JSONResponse

from looking3d import __version__
from looking3d.web import problems, routes_inspections, routes_references
from looking3d.web.app_state import get_metrics
from looking3d.web.guard import Guard
from looking3d.web.metrics import CONTENT_TYPE, Metrics
from looking3d.web.routes_references import TheService
from looking3d.web.schemas import Health, Problem
from looking3d.web.service import Service

_DESCRIPTION = "Tells from photos whether objects are what their 3D models say they should be."
_PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page/page.css": ("page.css", "text/css; charset=utf-8"),
    **{
        f"/page/{name}.js": (f"{name}.js", "text/javascript; charset=utf-8")
        for name in ("page", "card", "elements", "viewer", "api")
    },
}


def create_app(service: Service) -> FastAPI:
    """An app that serves a service; who made the service closes it."""
    # Swagger's pages would load scripts from the network; the description itself is at /openapi.json.
    app = FastAPI(
        title="Looking3D",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": "/"}],
    )
    app.state.service, app.state.metrics = service, Metrics(service.queue)
    problems.install(app, app.state.metrics, service.gallery.folder)
    app.include_router(routes_references.router)
    app.include_router(routes_inspections.router)
    app.get("/health", tags=["health"])(_health)
    app.get("/health/live", tags=["health"])(_health)
    app.get("/health/ready", tags=["health"], responses={503: {"model": Health}}, response_model=Health)(
        _ready
    )
    app.get(
        "/metrics",
        tags=["health"],
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, 401: {"model": Problem}},
    )(_metrics)
    for path, (file, kind) in _PAGE.items():
        app.get(path, include_in_schema=False)(_page(file, kind))
    # Made once: FastAPI keeps what it is given here.
    app.openapi_schema = problems.described(app.openapi())
    app.add_middleware(
        Guard,
        key=service.config.key,
        most_bytes=service.config.max_upload_mb * 10**6,
        metrics=app.state.metrics,
    )
    return app


def _told(service: Service) -> Health:
    return Health(
        live=True,
        ready=not service.queue.is_stopping,
        version=__version__,
        waiting=service.queue.waiting,
    )


def _health(service: TheService) -> Health:
    """Whether the service lives, and whether it takes work."""
    return _told(service)


def _ready(service: TheService) -> JSONResponse:
    """200 if the service takes work, 503 if it is stopping."""
    health = _told(service)
    return JSONResponse(health.model_dump(), 200 if health.ready else 503)


def _metrics(metrics: Annotated[Metrics, Depends(get_metrics)]) -> Response:
    """For Prometheus."""
    return Response(metrics.text(), media_type=CONTENT_TYPE)


def _page(file: str, kind: str):
    """Serves a file of the page."""
    data = resources.files("looking3d.web").joinpath("page", file).read_bytes()

    def send() -> Response:
        return Response(data, media_type=kind, headers={"Cache-Control": "no-cache"})

    return send
