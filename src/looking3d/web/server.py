"""Running the service: until a signal, then what was taken is finished and nothing new is taken."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import FrameType

import torch
import uvicorn

from looking3d.errors import ConfigError
from looking3d.model.checkpoint import load_detector
from looking3d.web.app import create_app
from looking3d.web.config import ServiceConfig
from looking3d.web.service import Service

_KEEP_ALIVE_S = 30


class GracefulServer(uvicorn.Server):
    """A server that, at the first signal, refuses new work with 503 until what it has is done."""

    def __init__(
        self, config: uvicorn.Config, service: Service, on_start: Callable[[int], None] = lambda port: None
    ) -> None:
        """Prepare.

        Args:
            config: Uvicorn's.
            service: What is served.
            on_start: Called with the port once it listens.
        """
        super().__init__(config)
        self._service, self._on_start = service, on_start
        self._is_leaving = False

    async def startup(self, sockets: list | None = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        if not self.should_exit:
            self._on_start(self.servers[0].sockets[0].getsockname()[1])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Leave when idle; at the second signal, at once."""
        if self._is_leaving:
            super().handle_exit(sig, frame)
            return
        self._is_leaving = True
        # Not here: a signal may interrupt whoever holds the queue's lock.
        threading.Thread(target=self._leave, daemon=True).start()

    def _leave(self) -> None:
        self._service.queue.stop_taking()
        self._service.queue.wait_until_idle()
        self.should_exit = True


def serve(config: ServiceConfig, on_start: Callable[[int], None] = lambda port: None) -> None:
    """Serve until a signal ends it.

    Args:
        config: The settings.
        on_start: Called with the port once it listens.

    Raises:
        ConfigError: Gallery or database cannot be opened, or the port is taken.
        CheckpointError: The weights cannot be read.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    torch.set_num_threads(1)
    service = Service(config, load_detector(config.weights))
    try:
        server = GracefulServer(
            uvicorn.Config(
                create_app(service),
                config.host,
                config.port,
                log_level="warning",
                timeout_keep_alive=_KEEP_ALIVE_S,
                server_header=False,
            ),
            service,
            on_start,
        )
        try:
            server.run()
        except SystemExit as error:
            # Uvicorn logs why, and ends the process itself.
            raise ConfigError(
                f"cannot listen on {config.host} port {config.port}; choose another --port"
            ) from error
        if not server.started:
            raise ConfigError(f"cannot listen on {config.host} port {config.port}; choose another --port")
    finally:
        service.close()
