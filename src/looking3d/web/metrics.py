"""What Prometheus may ask: requests, how long they took, the queue, verdicts, errors."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from looking3d.web.work import WorkQueue

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)


class Metrics:
    """The counters of one service."""

    def __init__(self, queue: WorkQueue) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "looking3d_requests", "Requests", ("method", "route", "status"), registry=self.registry
        )
        self.latency = Histogram(
            "looking3d_request_seconds",
            "Seconds from request to answer",
            ("method", "route"),
            registry=self.registry,
            buckets=_BUCKETS_S,
        )
        self.verdicts = Counter(
            "looking3d_inspections", "Photos inspected", ("reference", "verdict"), registry=self.registry
        )
        self.errors = Counter(
            "looking3d_errors", "Requests refused or failed, by kind", ("kind",), registry=self.registry
        )
        waiting = Gauge("looking3d_queue_waiting", "Photos and meshes that wait", registry=self.registry)
        waiting.set_function(lambda: queue.waiting)
        pending = Gauge(
            "looking3d_queue_pending", "Photos and meshes that wait or run", registry=self.registry
        )
        pending.set_function(lambda: queue.pending)

        clients = Gauge("looking3d_queue_clients", "Clients who have work that waits", registry=self.registry)
        clients.set_function(lambda: queue.clients)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)
