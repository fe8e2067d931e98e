"""One file of a release, as the hub lists it."""

from dataclasses import dataclass

from openweir.tier import Tier

__all__ = ["ReleaseFile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """One file of a release as the hub lists and serves it.

    Attributes:
        path: in the repository; statements lie under `.openweir/`.
        size: in bytes.
        sha256: of the content.
        git_sha1: the id git gives the blob (of its pointer file when `large`).
        large: whether clients are told the SHA-256 as for a file in Git LFS.
        tier: what the decision says of this file, never above the effective tier.
    """

    path: str
    size: int
    sha256: str
    git_sha1: str
    large: bool
    tier: Tier
