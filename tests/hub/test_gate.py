"""The gate as a pure function: its laws over all inputs."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from openweir.hub.gate import Answer, Grant, GrantStatus, Principal, Standing, admit, see
from openweir.tier import Tier

DAYS = st.dates(min_value=date(2026, 1, 1), max_value=date(2027, 12, 31))
TIERS = st.sampled_from(Tier)
USERS = st.sampled_from(("ann", "bob"))
STANDINGS = st.none() | st.builds(Standing, verified=st.booleans(), tier=TIERS, valid_until=DAYS)
PRINCIPALS = st.none() | st.builds(
    Principal, user=USERS, publisher=st.booleans(), token=st.just("0" * 12)
)
GRANTS = st.none() | st.builds(
    Grant,
    id=st.just("1"),
    name=st.just("acme/small"),
    user=USERS,
    status=st.sampled_from(GrantStatus),
    purpose=st.just("x"),
    asked_at=st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    expires=st.none() | DAYS,
)
INSTANTS = DAYS.map(lambda day: datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


class TestLaws:
    """Law 8, over every input."""

    @given(STANDINGS, TIERS, PRINCIPALS, GRANTS, INSTANTS)
    def test_served_only_as_decided(self, standing, file_tier, principal, grant, at) -> None:
        """Serving implies: verified, in force, the file may leave, and open or granted."""
        if admit(standing, file_tier, principal, grant, at=at) is not Answer.SERVE:
            return
        assert standing is not None
        assert standing.verified
        assert at.date() <= standing.valid_until
        tier = min(standing.tier, file_tier)
        assert tier >= Tier.GATED_WEIGHTS
        if tier is Tier.GATED_WEIGHTS:
            assert principal is not None
            assert grant is not None
            assert grant.user == principal.user
            assert grant.status is GrantStatus.ACCEPTED
            assert grant.expires is None or at.date() <= grant.expires

    @given(STANDINGS, st.tuples(TIERS, TIERS), PRINCIPALS, GRANTS, INSTANTS)
    def test_a_lower_file_tier_never_serves_more(
        self, standing, tiers, principal, grant, at
    ) -> None:
        """What is refused at a tier is refused at every lower one."""
        low, high = sorted(tiers)
        if admit(standing, high, principal, grant, at=at) is not Answer.SERVE:
            assert admit(standing, low, principal, grant, at=at) is not Answer.SERVE

    @given(STANDINGS, TIERS, PRINCIPALS, GRANTS, st.tuples(INSTANTS, st.integers(0, 900)))
    def test_time_only_closes(self, standing, file_tier, principal, grant, when) -> None:
        """What is refused today is refused later."""
        at, days = when
        if admit(standing, file_tier, principal, grant, at=at) is not Answer.SERVE:
            later = at + timedelta(days=days)
            assert admit(standing, file_tier, principal, grant, at=later) is not Answer.SERVE

    @given(st.booleans(), TIERS, DAYS, INSTANTS)
    def test_sealed_is_unknown(self, verified, tier, valid_until, at) -> None:
        """Sealed, unverified and unknown give one and the same answer."""
        standing = Standing(verified=verified, tier=tier, valid_until=valid_until)
        hidden = see(standing, at=at) is see(None, at=at)
        assert hidden == (not verified or tier is Tier.SEALED)

    @given(TIERS, GRANTS, INSTANTS)
    def test_publishers_have_no_way_around(self, tier, grant, at) -> None:
        """A publisher without a grant of their own is served nothing gated."""
        standing = Standing(verified=True, tier=Tier.GATED_WEIGHTS, valid_until=date(2027, 12, 31))
        owner = Principal(user="acme", publisher=True, token="0" * 12)
        assert admit(standing, tier, owner, grant, at=at) is not Answer.SERVE
