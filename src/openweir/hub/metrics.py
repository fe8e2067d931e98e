"""What a process counts while it serves, and how Prometheus reads it.

Counting costs an addition: it is done by the one thread that runs the event loop, and the
library that knows Prometheus' form is loaded by the first scrape. Labels hold routes as they
are written in the table, methods, statuses and codes: no name of a user, release or file.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client.core import Metric

__all__ = ["Metrics", "Spread"]

_REQUEST_SECONDS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
)
_HEARD_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"))


class Spread:
    """A histogram: how many observations were at most so much."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Count nothing yet."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one observation."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """Return (bound, how many at most that), the last bound infinite."""
        found, total = [], 0
        for bound, count in zip((*self._bounds, float("inf")), tuple(self._counts), strict=True):
            total += count
            found.append(("+Inf" if bound == float("inf") else repr(bound), float(total)))
        return found

    @property
    def sum(self) -> float:
        """Of all observations."""
        return self._sum


class Metrics:
    """The counts of one process since it started."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self._requests: dict[tuple[str, str, int], int] = {}
        self._seconds: dict[str, Spread] = {}
        self._refusals: Counter[str] = Counter()
        self._heard = Spread(_HEARD_SECONDS)
        self._sent = self._received = self._cut = 0
        self.downloads = self.uploads = 0

    def answered(
        self,
        route: str,
        method: str,
        status: int,
        seconds: float,
        *,
        sent: int,
        received: int = 0,
        code: str = "",
        cut: bool = False,
    ) -> None:
        """Count one request.

        Args:
            route: as it is written in the table; empty where none fits.
            method: of the request.
            status: of the answer; 0 where there was none.
            seconds: until the last byte was handed over.
            sent: bytes of the answer's body.
            received: bytes of the request's body.
            code: of the refusal; empty for none.
            cut: whether the right to a stream ended while it went out.
        """
        route = route or "none"
        key = (route, method if method in _METHODS else "other", status)
        self._requests[key] = self._requests.get(key, 0) + 1
        spread = self._seconds.get(route)
        if spread is None:
            spread = self._seconds[route] = Spread(_REQUEST_SECONDS)
        spread.observe(seconds)
        self._sent += sent
        self._received += received
        self._cut += cut
        if code:
            self._refusals[code] += 1

    def heard(self, seconds: float) -> None:
        """Count a change elsewhere that was heard so long after it was made."""
        self._heard.observe(seconds)

    def render(self, gauges: Mapping[str, tuple[str, float]]) -> bytes:
        """Return everything in Prometheus' text form.

        Args:
            gauges: name -> (what it is, its value now), asked of others.
        """
        from prometheus_client import (  # noqa: PLC0415 - loaded by the first scrape only
            CollectorRegistry,
            ProcessCollector,
            generate_latest,
        )

        registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        registry.register(_Collected(self, gauges))
        return generate_latest(registry)

    def families(self, gauges: Mapping[str, tuple[str, float]]) -> "Iterator[Metric]":
        """Yield every metric, for Prometheus' library."""
        from prometheus_client.core import (  # noqa: PLC0415 - as above
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        requests: Any = CounterMetricFamily(
            "openweir_requests", "Requests answered.", labels=("route", "method", "status")
        )
        for (route, method, status), count in list(self._requests.items()):
            requests.add_metric((route, method, str(status)), count)
        yield requests
        seconds: Any = HistogramMetricFamily(
            "openweir_request_seconds", "Until the last byte was handed over.", labels=("route",)
        )
        for route, spread in list(self._seconds.items()):
            seconds.add_metric((route,), spread.buckets(), spread.sum)
        yield seconds
        refusals: Any = CounterMetricFamily(
            "openweir_refusals", "Requests refused, by code.", labels=("code",)
        )
        for code, count in list(self._refusals.items()):
            refusals.add_metric((code,), count)
        yield refusals
        heard: Any = HistogramMetricFamily(
            "openweir_revocation_seconds",
            "From a change at another replica until this one acts on it.",
        )
        heard.add_metric((), self._heard.buckets(), self._heard.sum)
        yield heard
        for name, what, value in (
            ("openweir_sent_bytes", "Bytes of answers.", self._sent),
            ("openweir_received_bytes", "Bytes of requests that upload.", self._received),
            ("openweir_streams_cut", "Streams that ended with their right.", self._cut),
        ):
            yield CounterMetricFamily(name, what, value=value)
        for name, what, value in (
            ("openweir_running_downloads", "Files that are going out.", self.downloads),
            ("openweir_running_uploads", "Requests whose bodies are coming in.", self.uploads),
        ):
            yield GaugeMetricFamily(name, what, value=value)
        for name, (what, measured) in gauges.items():
            yield GaugeMetricFamily(name, what, value=measured)


class _Collected:
    """What a registry asks for metrics."""

    def __init__(self, metrics: Metrics, gauges: Mapping[str, tuple[str, float]]) -> None:
        self._metrics = metrics
        self._gauges = gauges

    def collect(self) -> "Iterator[Metric]":
        return self._metrics.families(self._gauges)
