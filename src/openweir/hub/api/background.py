"""What clients ask for by themselves; their users never see it."""

from starlette.responses import Response

from openweir.hub.api.reply import Call, found_json

__all__ = ["harnesses", "telemetry"]


def harnesses(_call: Call) -> Response:
    """`GET /api/agent-harnesses`: no list of programs that clients would report to us."""
    return found_json({"standardEnvVars": [], "harnesses": {}})


def telemetry(_call: Call) -> Response:
    """`GET|POST /api/telemetry/TOPIC`: nothing, and nothing of it is kept."""
    return Response(status_code=204)
