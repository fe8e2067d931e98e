"""The hub as its shells see it: open a data directory, ask for releases, mount the routes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from openweir.attest import Trust
from openweir.hub.api.recent import Recent
from openweir.hub.api.reply import stated_id
from openweir.hub.api.routes import routes
from openweir.hub.channel import Channel
from openweir.hub.publication import Publications
from openweir.hub.storage import open_storage
from openweir.policy import Policy

__all__ = ["Hub"]


class Hub(Channel):
    """One hub; see `Channel` for what it knows."""

    @classmethod
    def open(
        cls,
        data: Path,
        *,
        trust: Trust | Callable[[], Trust],
        register: Path,
        clock: Callable[[], datetime],
        policies: Mapping[str, Policy] = MappingProxyType({}),
        database: str | None = None,
        blobs: str | None = None,
        secret: bytes | None = None,
    ) -> "Hub":
        """Open a data directory, creating what is missing.

        Args:
            data: holds `hub.sqlite`, `blobs/`, `staging/` and `xet/`.
            trust: whom the hub trusts, or a function that says so at each request.
            register: directory of the log the hub shows under `/register/`.
            clock: the present instant, in UTC.
            policies: SHA-256 -> policy: only decisions that these give again are taken in,
                or those of a policy that the trust names by digest.

            database: address of a PostgreSQL database, `postgresql://...`, for several
                replicas; None for a file in `data`.
            blobs: address of a bucket, `s3://BUCKET[/PREFIX]`, for the same; None for `data`.
            secret: what all replicas derive their keys from; None for keys the hub keeps.

        Raises:
            HubError: the directory cannot be made or the database cannot be opened.
        """
        return cls(
            data,
            trust=trust if callable(trust) else lambda: trust,
            register=register,
            clock=clock,
            policies=policies,
            database=database,
            storage=None if blobs is None else open_storage(blobs),
            secret=secret,
        )

    @cached_property
    def _recent(self) -> Recent:
        return Recent(self, stated_id)

    async def answered(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer a request for a file if the same was served within the last second.

        The routes ask by themselves; a shell may ask first, before all it does otherwise.
        """
        return await self._recent.answer(scope, receive, send)

    def routes(self) -> list[Route]:
        """Return the routes of the Hugging Face surface, of publishing, access and proofs.

        From then on the hub hears what other replicas change.
        """
        if self.listener is not None:
            self.listener.start()
        return routes(self, Publications(self), self._recent)
