"""The pages of a study: one address, which shows each participant what is next."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from importlib import resources
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from looking3d.errors import DatasetError, RequestError
from looking3d.pages import page_template
from looking3d.study.answers import Answers, Outcome, Standing
from looking3d.study.draws import Draws
from looking3d.study.pictures import Pictures
from looking3d.study.words import DIFFERS
from looking3d.web.guard import SECURITY_HEADERS

COOKIE = "looking3d_study"
"""Holds a random token, by which a participant goes on after a reload; it says nothing of anybody."""

_log = logging.getLogger("looking3d.study")

_COOKIE_S = 90 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_MOST_BYTES = 4096  # of a form
_MOST_MS = 24 * 3600 * 1000
_FILES = {"study.css": "text/css; charset=utf-8", "study.js": "text/javascript; charset=utf-8"}
_PACKAGE = "looking3d.study"


class Study:
    """What the pages show, and where answers go."""

    def __init__(
        self, pictures: Pictures, draws: Draws, answers: Answers, consent: str, is_shared: bool
    ) -> None:
        """Prepare.

        Args:
            pictures: Of the subset.
            draws: Who judges what.
            answers: Where they go.
            consent: What participants agree to.
            is_shared: Whether the next person may begin on the same device.
        """
        self.pictures, self.draws, self.answers = pictures, draws, answers
        self.consent, self.is_shared = consent, is_shared
        self.digest = draws.subset.digest
        self.examples = pictures.examples()
        self._templates = {
            name: page_template(_PACKAGE, f"page/{name}.html.jinja")
            for name in ("welcome", "pair", "thanks", "message")
        }

    def welcome(self) -> HTMLResponse:
        """Consent and instructions."""
        return self._page(
            "welcome",
            consent=self.consent,
            total=self.draws.count,
            examples=self.examples,
            differs=DIFFERS,
        )

    def next(self, standing: Standing) -> HTMLResponse:
        """The pair that is next, or thanks."""
        if standing.pair is None:
            return self._page("thanks", total=standing.total, is_shared=self.is_shared)
        return self._page(
            "pair",
            standing=standing,
            views=len(self.pictures.views(standing.pair)),
        )

    def message(self, status: int, text: str) -> HTMLResponse:
        """Something that went wrong, and the way on."""
        return self._page("message", status, text=text)

    def _page(self, name: str, status: int = 200, **shown: object) -> HTMLResponse:
        # Never from a cache: the same address shows the next pair, also when someone goes back.
        return HTMLResponse(
            self._templates[name].render(digest=self.digest, **shown), status, {"Cache-Control": "no-store"}
        )


def create_app(study: Study) -> FastAPI:
    """An app that serves a study."""
    app = FastAPI(title="Looking3D study", openapi_url=None, docs_url=None, redoc_url=None)

    @app.middleware("http")
    async def guard(request: Request, go_on: Callable) -> Response:
        response = await go_on(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(RequestError)
    async def refused(_: Request, error: RequestError) -> Response:
        return study.message(error.status, str(error))

    @app.exception_handler(DatasetError)
    async def damaged(_: Request, error: DatasetError) -> Response:
        _log.error("%s", error)
        return study.message(500, "A picture cannot be read. Please tell whoever runs this study.")

    @app.get("/")
    def page(request: Request) -> Response:
        token = _token(request)
        standing = None if token is None else study.answers.show(token)
        if standing is not None:
            return study.next(standing)
        response = study.welcome()
        if token is None:
            _remember(response, request)
        return response

    @app.post("/start")
    async def start(request: Request) -> Response:
        form, token = await _form(request), _token(request)
        if token is None:
            raise RequestError(
                400, "This page needs a cookie to know how far you are; allow it and try again."
            )
        if form.get("agree") != "yes":
            raise RequestError(400, "To take part, please agree first.")
        await run_in_threadpool(study.answers.join, token, study.draws.of)
        return _on()

    @app.post("/answer")
    async def answer(request: Request) -> Response:
        form, token = await _form(request), _token(request)
        if form.get("answer") not in ("normal", "anomalous"):
            raise RequestError(400, "That was no answer; please choose normal or anomalous.")
        outcome = await run_in_threadpool(
            study.answers.answer,
            token or "",
            _number(form.get("position"), 10**6) or 0,
            form["answer"] == "anomalous",
            _number(form.get("milliseconds"), _MOST_MS),
        )
        if outcome is Outcome.REFUSED:
            raise RequestError(409, "That pair was not shown to you yet, so the answer was not taken.")
        return _on()

    @app.post("/another")
    def another(request: Request) -> Response:
        if not study.is_shared:
            raise RequestError(403, "One person takes part on each device.")
        token = _token(request)
        standing = None if token is None else study.answers.standing(token)
        response = _on()
        # Only who is done makes room: a pair that waits is not to be lost by a stray press.
        if standing is not None and standing.pair is None:
            _remember(response, request)
        return response

    # Numbers in a subset, not file names, which tell what is wrong. A subset's own address may be cached.
    @app.get(f"/pictures/{study.digest}/pairs/{{number}}/photo.png")
    def photo(number: int) -> Response:
        _known(number, len(study.draws.subset.pairs))
        return _picture(study.pictures.photo(number))

    @app.get(f"/pictures/{study.digest}/pairs/{{number}}/views/{{view}}.png")
    def view(number: int, view: int) -> Response:
        _known(number, len(study.draws.subset.pairs))
        views = study.pictures.views(number)
        _known(view, len(views))
        return _picture(views[view])

    @app.get(f"/pictures/{study.digest}/examples/{{number}}/{{what}}.png")
    def example(number: int, what: str) -> Response:
        _known(number, len(study.examples))
        pictures = {"photo": study.pictures.example_photo, "view": study.pictures.example_view}
        if what not in pictures:
            raise RequestError(404, "There is no such picture.")
        return _picture(pictures[what](number))

    for name, kind in _FILES.items():
        app.get(f"/{name}")(_file(name, kind))
    return app


def _token(request: Request) -> str | None:
    """The participant's token, if there is one that we may have given."""
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else None


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


async def _form(request: Request) -> dict[str, str]:
    """A short form's fields."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BYTES:
            raise RequestError(413, "That was more than an answer.")
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _number(text: str | None, most: int) -> int | None:
    """A whole number from 0 to a limit; None if the text is none."""
    if text is None or not re.fullmatch("[0-9]{1,9}", text) or int(text) > most:
        return None
    return int(text)


def _known(number: int, count: int) -> None:
    if not 0 <= number < count:
        raise RequestError(404, "There is no such picture.")


def _on() -> RedirectResponse:
    """To what is next; relative, so that a proxy may put the study anywhere."""
    return RedirectResponse("./", 303)


def _picture(data: bytes) -> Response:
    return Response(data, media_type="image/png", headers={"Cache-Control": "private, max-age=86400"})


def _file(name: str, kind: str) -> Callable[[], Response]:
    data = resources.files(_PACKAGE).joinpath("page", name).read_bytes()

    def send() -> Response:
        return Response(data, media_type=kind, headers={"Cache-Control": "no-cache"})

    return send
