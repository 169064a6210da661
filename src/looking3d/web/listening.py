"""A web server that says where it listens, stops gracefully, and tells in a line why it cannot start."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from looking3d.errors import ConfigError

_KEEP_ALIVE_S = 30


class Server(uvicorn.Server):
    """At the first signal it takes no new connections and finishes what it has; at the second, it leaves."""

    def __init__(
        self, app: ASGIApp, host: str, port: int, on_start: Callable[[int], None] = lambda port: None
    ) -> None:
        """Prepare.

        Args:
            app: What is served.
            host: Address to listen on.
            port: Port to listen on; 0 for any that is free.
            on_start: Called with the port once it listens.
        """
        super().__init__(
            uvicorn.Config(
                app,
                host,
                port,
                log_level="warning",
                timeout_keep_alive=_KEEP_ALIVE_S,
                server_header=False,
            )
        )
        self._on_start = on_start
        self._is_leaving = False

    async def startup(self, sockets: list | None = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        if not self.should_exit:
            self._on_start(self.servers[0].sockets[0].getsockname()[1])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Leave when what was begun is finished; at the second signal, at once."""
        if self._is_leaving:
            super().handle_exit(sig, frame)
            return
        self._is_leaving = True
        self.leave()

    def leave(self) -> None:
        """Begin to leave; called in a signal's handler."""
        self.should_exit = True

    def listen(self) -> None:
        """Serve until a signal ends it.

        Raises:
            ConfigError: The port is taken.
        """
        cannot = f"cannot listen on {self.config.host} port {self.config.port}; choose another --port"
        try:
            self.run()
        except SystemExit as error:
            # Uvicorn logs why, and ends the process itself.
            raise ConfigError(cannot) from error
        if not self.started:
            raise ConfigError(cannot)
