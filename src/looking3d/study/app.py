"""The app of a study: one address, which shows each participant what is next."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from importlib import resources
from typing import Annotated, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from looking3d.errors import DatasetError, RequestError
from looking3d.study.answers import Outcome
from looking3d.study.pages import PACKAGE, Study
from looking3d.web.guard import SECURITY_HEADERS

COOKIE = "looking3d_study"
"""Holds a random token, by which a participant goes on after a reload; it says nothing of anybody."""

_log = logging.getLogger("looking3d.study")
_COOKIE_S = 90 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_MOST_BYTES = 4096  # of a form
_MOST_MS = 24 * 3600 * 1000
_FILES = {"study.css": "text/css; charset=utf-8", "study.js": "text/javascript; charset=utf-8"}


def _study_of(request: Request) -> Study:
    return request.app.state.study


def _token_of(request: Request) -> str | None:
    """The participant's token, if there is one that we may have given."""
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else None


async def _form_of(request: Request) -> dict[str, str]:
    """A short form's fields."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BYTES:
            raise RequestError(413, "That was more than an answer.")
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


TheStudy = Annotated[Study, Depends(_study_of)]
Token = Annotated[str | None, Depends(_token_of)]
Form = Annotated[dict[str, str], Depends(_form_of)]
router = APIRouter()


def create_app(study: Study) -> FastAPI:
    """An app that serves a study; who made the study closes its answers."""
    app = FastAPI(title="Looking3D study", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.study = study
    app.include_router(router)
    for name, kind in _FILES.items():
        app.get(f"/{name}")(_file(name, kind))
    app.middleware("http")(_with_headers)
    app.exception_handler(RequestError)(_refused)
    app.exception_handler(DatasetError)(_damaged)
    return app


@router.get("/")
def page(request: Request, study: TheStudy, token: Token) -> Response:
    """Whatever is next for who asks."""
    standing = None if token is None else study.answers.show(token)
    if standing is not None:
        return study.next(standing)
    response = study.welcome()
    if token is None:
        _remember(response, request)
    return response


@router.post("/start")
async def start(study: TheStudy, token: Token, form: Form) -> Response:
    """Take a participant in, once however often the button is pressed."""
    if token is None:
        raise RequestError(400, "This page needs a cookie to know how far you are; allow it and try again.")
    if form.get("agree") != "yes":
        raise RequestError(400, "To take part, please agree first.")
    await run_in_threadpool(study.answers.join, token, study.draws.of)
    return _on()


@router.post("/answer")
async def answer(study: TheStudy, token: Token, form: Form) -> Response:
    """Take an answer to the pair that is shown; one to a pair that has an answer changes nothing."""
    said = form.get("answer")
    if said not in ("normal", "anomalous"):
        raise RequestError(400, "That was no answer; please choose normal or anomalous.")
    position, milliseconds = _number(form.get("position"), 10**6), _number(form.get("milliseconds"), _MOST_MS)
    outcome = await run_in_threadpool(
        study.answers.answer, token or "", position or 0, said == "anomalous", milliseconds
    )
    if outcome is Outcome.REFUSED:
        raise RequestError(409, "That pair was not shown to you yet, so the answer was not taken.")
    return _on()


@router.post("/another")
def another(request: Request, study: TheStudy, token: Token) -> Response:
    """Let the next person begin on a shared device."""
    if not study.is_shared:
        raise RequestError(403, "One person takes part on each device.")
    standing = None if token is None else study.answers.standing(token)
    response = _on()
    # Only who is done makes room: what is begun is not to be lost by a stray press.
    if standing is not None and standing.pair is None:
        _remember(response, request)
    return response


# Pictures go by numbers: the dataset's file names tell what is wrong. The subset's digest is in the address,
# so that a cache does not mix two studies.
@router.get("/pictures/{digest}/pairs/{number}/photo.png")
def photo(study: TheStudy, digest: str, number: int) -> Response:
    """The photo of a pair."""
    _require(digest == study.subset.digest and 0 <= number < len(study.subset.pairs))
    return _picture(study.pictures.photo(number))


@router.get("/pictures/{digest}/pairs/{number}/views/{view}.png")
def view(study: TheStudy, digest: str, number: int, view: int) -> Response:
    """A view of the reference of a pair."""
    _require(digest == study.subset.digest and 0 <= number < len(study.subset.pairs))
    views = study.pictures.views(number)
    _require(0 <= view < len(views))
    return _picture(views[view])


@router.get("/pictures/{digest}/examples/{number}/{what}.png")
def example(study: TheStudy, digest: str, number: int, what: Literal["photo", "view"]) -> Response:
    """An example: its photo, or its reference from about the same side."""
    _require(digest == study.subset.digest and 0 <= number < len(study.subset.examples))
    pictures = study.pictures
    return _picture(pictures.example_photo(number) if what == "photo" else pictures.example_view(number))


async def _with_headers(request: Request, go_on: Callable) -> Response:
    response = await go_on(request)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return _study_of(request).message(error.status, str(error))


async def _damaged(request: Request, error: Exception) -> Response:
    _log.error("%s", error)
    return _study_of(request).message(500, "A picture cannot be read. Please tell whoever runs this study.")


def _remember(response: Response, request: Request) -> None:
    """Give a new token, by which nobody is known but as who sends it again."""
    response.set_cookie(
        COOKIE,
        secrets.token_urlsafe(24),
        _COOKIE_S,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def _number(text: str | None, most: int) -> int | None:
    """A whole number from 0 to a limit; None if the text is none."""
    if text is None or not re.fullmatch("[0-9]{1,9}", text) or int(text) > most:
        return None
    return int(text)


def _require(exists: bool) -> None:
    if not exists:
        raise RequestError(404, "There is no such picture.")


def _on() -> RedirectResponse:
    """To what is next; relative, so that a proxy may put the study anywhere."""
    return RedirectResponse("./", 303)


def _picture(data: bytes) -> Response:
    return Response(data, media_type="image/png", headers={"Cache-Control": "private, max-age=86400"})


def _file(name: str, kind: str) -> Callable[[], Response]:
    data = resources.files(PACKAGE).joinpath("page", name).read_bytes()

    def send() -> Response:
        return Response(data, media_type=kind, headers={"Cache-Control": "no-cache"})

    return send
