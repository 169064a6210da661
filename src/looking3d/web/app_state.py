"""What requests find in the app that serves them, and whom they come from."""

from __future__ import annotations

import ipaddress

from fastapi import Request

from looking3d.web.metrics import Metrics
from looking3d.web.service import Service


def get_service(request: Request) -> Service:
    """The app's service."""
    return request.app.state.service


def get_metrics(request: Request) -> Metrics:
    """The app's metrics."""
    return request.app.state.metrics


def get_client(request: Request) -> str:
    """Whom a request comes from, as far as the queue's turns go: its address.

    Of IPv6 the network, /64, since whoever has one address has all of these. Behind a proxy on this machine
    it is the address that the proxy forwards.
    """
    host = "" if request.client is None else request.client.host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
