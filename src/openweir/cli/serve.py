"""`openweir serve`: run the hub."""

import argparse
import sys
from pathlib import Path

from openweir.desk.home import Home
from openweir.desk.logs import FORMS
from openweir.desk.serve import Opening, serve
from openweir.instant import parse_day

__all__ = ["configure", "run"]

_YES = 0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--data", metavar="DIR", help="the hub's data (default: HOME/hub)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=8080, help="port; 0 takes a free one (%(default)s)"
    )
    parser.add_argument("--home", metavar="DIR", help="default: $OPENWEIR_HOME or ~/.openweir")
    parser.add_argument("--trust", metavar="FILE", help="whom the hub trusts (HOME/trust.toml)")
    parser.add_argument("--register", metavar="DIR", help="the log it shows (HOME/register)")
    parser.add_argument(
        "--database", metavar="URL", help="postgresql://USER@HOST/NAME, for several replicas"
    )
    parser.add_argument(
        "--blobs",
        metavar="URL",
        help="s3://BUCKET[/PREFIX], for several replicas (AWS_* variables)",
    )
    parser.add_argument(
        "--owner", metavar="NAME", help="the account made at the first start (default: yours)"
    )
    parser.add_argument(
        "--as-of", metavar="DATE", help="stand still at this day, for replays: never in earnest"
    )
    parser.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="DIR",
        help="also take in decisions made under this pack; shipped packs are always accepted",
    )
    parser.add_argument(
        "--ready-file", metavar="FILE", help="write the address here once requests are answered"
    )
    parser.add_argument(
        "--metrics",
        action="store_true",
        help="count, and tell it under /metrics: to this machine, or by $OPENWEIR_METRICS_TOKEN",
    )
    parser.add_argument(
        "--log",
        choices=FORMS,
        help="a line for each request on standard error; without it only what is wrong",
    )
    parser.epilog = (
        "Stock clients download what was decided, and nothing else:\n"
        "  openweir serve --port 8080\n"
        "  HF_ENDPOINT=http://127.0.0.1:8080 hf download ORG/NAME\n"
        "The first start makes an account that may publish; its token is kept in\n"
        "HOME/tokens.toml (mode 0600), where `openweir publish` finds it.\n"
        "Several replicas share a database and a bucket:\n"
        "  openweir serve --database postgresql://hub@db/hub --blobs s3://models\n"
        "For those who watch it: /healthz, /readyz, and with\n"
        "  openweir serve --metrics --log json\n"
        "also /metrics for Prometheus and a line of JSON for each request."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    serve(
        home=Home.find(arguments.home),
        data=None if arguments.data is None else Path(arguments.data),
        host=arguments.host,
        port=arguments.port,
        trust=None if arguments.trust is None else Path(arguments.trust),
        register=None if arguments.register is None else Path(arguments.register),
        as_of=None if arguments.as_of is None else parse_day(arguments.as_of, where="--as-of"),
        policies=arguments.policy,
        database=arguments.database,
        blobs=arguments.blobs,
        owner=arguments.owner,
        ready_file=None if arguments.ready_file is None else Path(arguments.ready_file),
        metrics=arguments.metrics,
        log=arguments.log,
        opened=_tell,
    )
    return _YES


def _tell(opening: Opening) -> None:
    count = f"{opening.releases} release{'' if opening.releases == 1 else 's'}"
    lines = [f"hub at {opening.url}", f"data in {opening.data}: {count}"]
    if opening.as_of is not None:
        lines.append(
            f"REPLAY: this hub believes it is {opening.as_of}; expiry is not enforced for today"
        )
    if opening.exposed:
        lines.append("other machines can reach it, unencrypted: put a TLS proxy before it")
    if opening.owner:
        lines.append(f"account `{opening.owner}` may publish; its token is kept in your home")
    lines.append(f"next: openweir publish CASE --hub {opening.url}   (Ctrl-C stops)")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
