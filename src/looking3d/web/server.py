"""Running the service: until a signal, then what was taken is finished and nothing new is taken."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import torch

from looking3d.model.checkpoint import load_detector
from looking3d.web.app import create_app
from looking3d.web.config import ServiceConfig
from looking3d.web.listening import Server
from looking3d.web.service import Service


class GracefulServer(Server):
    """A server that, at the first signal, refuses new work with 503 until what it has is done."""

    def __init__(self, service: Service, on_start: Callable[[int], None] = lambda port: None) -> None:
        """Prepare.

        Args:
            service: What is served.
            on_start: Called with the port once it listens.
        """
        super().__init__(create_app(service), service.config.host, service.config.port, on_start)
        self._service = service

    def leave(self) -> None:
        """Leave when idle."""
        # Not here: a signal may interrupt whoever holds the queue's lock.
        threading.Thread(target=self._leave_when_idle, daemon=True).start()

    def _leave_when_idle(self) -> None:
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
        GracefulServer(service, on_start).listen()
    finally:
        service.close()
