"""Every answer that is an error is JSON as RFC 9457 has it, and says what to do; none shows a traceback."""

from __future__ import annotations

import logging
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from looking3d.errors import (
    ConfigError,
    Looking3DError,
    MissingExtraError,
    PhotoError,
    RequestError,
    ShapeError,
    TakenError,
)
from looking3d.web.metrics import Metrics

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger("looking3d.web")
_STATUS = (
    (TakenError, 409),
    (PhotoError, 422),
    (ShapeError, 422),
    (MissingExtraError, 422),
    (ConfigError, 422),
)
_VALUE_CHARS = 200
_REFERENCE = {"$ref": "#/components/schemas/Problem"}


def problem(
    status: int, detail: str, kind: str = "request", retry_after_s: int | None = None
) -> JSONResponse:
    """An answer that says what is wrong.

    Args:
        status: HTTP's number.
        detail: In a sentence, for people.
        kind: For programs; the last part of `type`.
        retry_after_s: When to try again.
    """
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(
        {
            "type": f"urn:looking3d:{kind}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
        },
        status,
        headers,
        MEDIA_TYPE,
    )


def install(app: FastAPI, metrics: Metrics, gallery: Path) -> None:
    """Make an app answer all its errors so.

    Args:
        app: The app.
        metrics: Where errors are counted.
        gallery: A folder that is nobody's business: messages name what is in it, and not where it is.
    """

    def count(kind: str) -> str:
        metrics.errors.labels(kind).inc()
        return kind

    @app.exception_handler(Looking3DError)
    async def refused(_: Request, error: Looking3DError) -> JSONResponse:
        if isinstance(error, RequestError):
            kind = count("request")
            return problem(error.status, str(error), kind, error.retry_after_s)
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
        detail = str(error).replace(f"{gallery}/", "").replace(str(gallery), "the gallery")
        return problem(status, detail, count(type(error).__name__.removesuffix("Error").lower()))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        where = [
            f"{'.'.join(str(step) for step in one['loc'][1:]) or one['loc'][0]}: {one['msg']}"
            for one in error.errors()
        ]
        detail = "; ".join(where)
        return problem(422, detail[: 10 * _VALUE_CHARS], count("validation"))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        answer = problem(error.status_code, str(error.detail), count("http"))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        count("internal")
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(500, "the service failed at this; its log says more", "internal")


def described(description: dict[str, Any]) -> dict[str, Any]:
    """An app's OpenAPI in which errors have their media type, which FastAPI cannot be told."""
    for operations in description["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {})
                if status >= "400" and content.get("application/json", {}).get("schema") == _REFERENCE:
                    content[MEDIA_TYPE] = content.pop("application/json")
    return description
