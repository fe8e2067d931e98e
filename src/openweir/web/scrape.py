"""`/metrics`: for whoever watches the hub, and nobody else.

Without a token only this machine's own processes are answered, and only those that did not
come through a proxy, which would make the whole world look like this machine. With
`OPENWEIR_METRICS_TOKEN` whoever sends it as bearer is answered. Others hear that there is no
such page.
"""

import hmac
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from openweir.desk.serve import metrics_token
from openweir.hub.hub import Hub
from openweir.hub.metrics import Metrics

__all__ = ["scrape"]

_PROXIED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_OWN = ("127.0.0.1", "::1")
_FORM = "text/plain; version=0.0.4; charset=utf-8"


def scrape(hub: Hub, metrics: Metrics) -> Callable[[Request], Response]:
    """Return the endpoint that tells a hub's metrics."""

    def respond(request: Request) -> Response:
        if not _may(request):
            raise HTTPException(404)
        gauges = {
            "openweir_audit_waiting": (
                "Events on their way from the journal into the chain.",
                float(hub.audit.waiting),
            ),
            "openweir_hears_replicas": (
                "Whether changes by other replicas are heard at once.",
                float(hub.hears),
            ),
        }
        body = metrics.render(gauges)
        return Response(body, headers={"Content-Type": _FORM, "Cache-Control": "no-store"})

    return respond


def _may(request: Request) -> bool:
    token = metrics_token()
    if token:
        stated = request.headers.get("authorization", "")
        return hmac.compare_digest(stated.encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in _PROXIED):
        return False
    return request.client is not None and request.client.host in _OWN
