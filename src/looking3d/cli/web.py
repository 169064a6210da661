"""The command that starts the service."""

from __future__ import annotations

from typing import Annotated

import tyro

from looking3d.cli.console import messages, say_where
from looking3d.errors import MissingExtraError
from looking3d.web.config import API_KEY_VARIABLE, ServiceConfig


def serve(
    config: Annotated[ServiceConfig, tyro.conf.arg(name="")] = ServiceConfig(),  # noqa: B008 - frozen
) -> int:
    """Serve the API and a page in a browser: enrol, inspect, look through the history, correct, calibrate."""
    try:
        from looking3d.web.server import serve as run
    except ModuleNotFoundError as error:
        raise MissingExtraError("looking3d serve", "web") from error

    def tell(port: int) -> None:
        say_where(config.host, port)
        if config.is_open:
            messages.print(
                f"anyone who reaches this machine can use it; set {API_KEY_VARIABLE}",
                style="yellow",
                soft_wrap=True,
            )

    run(config, tell)
    return 0
