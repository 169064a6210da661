"""What requests find in the app that serves them."""

from __future__ import annotations

from fastapi import Request

from looking3d.web.metrics import Metrics
from looking3d.web.service import Service


def get_service(request: Request) -> Service:
    """The app's service."""
    return request.app.state.service


def get_metrics(request: Request) -> Metrics:
    """The app's metrics."""
    return request.app.state.metrics
