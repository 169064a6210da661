"""What every request passes first: its metrics, its key, its origin, and the limit of its size.

Plain ASGI, so that bodies stream through and nothing of a refused one is kept.
"""

from __future__ import annotations

import hmac
import time

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from looking3d.web.metrics import Metrics
from looking3d.web.problems import problem

PROTECTED = ("/v1/", "/metrics")
"""What needs the key; the page itself, which holds no data, and health do not."""

_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
_FOREIGN = ("cross-site", "same-site")
SECURITY_HEADERS = {
    # The page loads nothing from elsewhere, and nobody frames it.
    "content-security-policy": "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
"""Of every answer."""


class Guard:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp, key: str | None, most_bytes: int, metrics: Metrics) -> None:
        """Wrap an app.

        Args:
            app: What is guarded.
            key: That requests must bear; None if none is needed.
            most_bytes: Of a request's body.
            metrics: Where requests are counted.
        """
        self.app, self.most_bytes, self.metrics = app, most_bytes, metrics
        self._key = None if key is None else key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            refused = self._refusal(scope)
            if refused is not None:
                self.metrics.errors.labels("refused").inc()
                await refused(scope, receive, note)
            else:
                await self.app(scope, self._limited(receive), note)
        finally:
            # The template, not the path: ids would make a time series each.
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in ("GET", "HEAD", *_UNSAFE) else "other"
            self.metrics.requests.labels(method, route, str(status)).inc()
            self.metrics.latency.labels(method, route).observe(time.perf_counter() - start)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        """Why a request is refused by its head alone; None if it is not."""
        headers = Headers(scope=scope)
        if self._key is not None and scope["path"].startswith(PROTECTED) and not self._is_known(headers):
            return problem(401, "the API key is missing or wrong; send it as X-API-Key or Bearer", "key")
        if scope["method"] in _UNSAFE and headers.get("sec-fetch-site") in _FOREIGN:
            return problem(403, "requests from the pages of others are refused", "origin")
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > self.most_bytes:
            return problem(413, self._too_large(), "size")
        return None

    def _is_known(self, headers: Headers) -> bool:
        given = headers.get("x-api-key", "")
        kind, _, token = headers.get("authorization", "").partition(" ")
        if not given and kind.lower() == "bearer":
            given = token.strip()
        # In constant time, so that nobody can feel their way along the key.
        return self._key is not None and hmac.compare_digest(given.encode("latin-1", "replace"), self._key)

    def _limited(self, receive: Receive) -> Receive:
        """The body, cut off where it is too long, whatever its head said."""
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self.most_bytes:
                    raise HTTPException(413, self._too_large())
            return message

        return limited

    def _too_large(self) -> str:
        return f"the request is larger than {self.most_bytes // 10**6} MB; send less at once"
