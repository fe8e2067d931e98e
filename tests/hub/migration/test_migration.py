"""Databases of earlier versions come forward whole; those of later ones are left alone."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.pool import NullPool

import openweir.hub.migration as room
from hub_scale import scale_out
from hub_served import Served
from hub_world import FILES, World
from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.migration import HEAD, REVISIONS, migrate, standing
from openweir.hub.store import Store
from openweir.tier import Tier

# SQLAlchemy does not look into indexes of expressions.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping"),
]

BEFORE = (Path(__file__).parent / "before_revisions.sql").read_text()
TOKEN = "hf_" + "a" * 37


def opened(address: str) -> Engine:
    """An engine that keeps no connection."""
    return create_engine(address, poolclass=NullPool)


def earlier(path: Path) -> Engine:
    """A database as hubs made it before revisions were counted, with an account in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(BEFORE)
    connection.execute("INSERT INTO users VALUES ('old', 0, '2026-10-01T00:00:00Z', '')")
    connection.execute(
        "INSERT INTO tokens (sha256, user, created_at) VALUES (?, 'old', '2026-10-01T00:00:00Z')",
        (sha256(TOKEN.encode()),),
    )
    connection.commit()
    connection.close()
    return opened(f"sqlite:///{path}")


def form(engine: Engine) -> dict[str, object]:
    """The columns and indexes of every table."""
    found = inspect(engine)
    return {
        name: (
            sorted((c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(name)),
            sorted((str(i["name"]), tuple(i["column_names"])) for i in found.get_indexes(name)),
        )
        for name in found.get_table_names()
    }


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def fresh(request: pytest.FixtureRequest, tmp_path: Path):
    """Addresses of empty databases."""

    def made() -> str:
        if request.param == "postgresql":
            return scale_out().fresh()[0].replace("postgresql:", "postgresql+psycopg:")
        made.count += 1
        return f"sqlite:///{tmp_path / str(made.count)}.sqlite"

    made.count = 0
    return made


def test_revisions_are_the_files() -> None:
    """The list that needs no alembic names the files that alembic would run, in one line."""
    from alembic.script import ScriptDirectory

    folder = Path(room.__file__).parent
    script = ScriptDirectory(str(folder))
    found = [one.revision for one in script.walk_revisions()]
    assert tuple(reversed(found)) == tuple(number for number, _ in REVISIONS)
    assert script.get_current_head() == HEAD


def test_every_way_leads_to_the_same_form(fresh) -> None:
    """Made at once or revision by revision, the tables, columns and indexes are the same."""
    engines = [opened(fresh()) for _ in range(2)]
    migrate(engines[0])
    for number, _ in REVISIONS:
        migrate(engines[1], to=number)
    assert form(engines[0]) == form(engines[1])
    assert standing(engines[1]).pending == ()
    assert set(form(engines[0])) == {*schema.metadata.tables, "alembic_version"}


def test_alembic_finds_nothing_left_to_do(fresh) -> None:
    """The revisions make what the schema says; a change of it without a revision shows here."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = opened(fresh())
    for number, _ in REVISIONS:
        migrate(engine, to=number)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        # Indexes of expressions are nothing it can compare.
        found = [
            change
            for change in compare_metadata(context, schema.metadata)
            if "repos_by_name" not in str(change)
        ]
    assert found == []


def test_a_hub_of_before_serves_on(tmp_path: Path) -> None:
    """A database without a revision comes forward at the start; its accounts and tokens hold."""
    engine = earlier(tmp_path / "hub" / "hub.sqlite")
    assert standing(engine).current == ""
    assert [number for number, _ in standing(engine).pending] == [one for one, _ in REVISIONS]
    served = Served(World(tmp_path / "world"), tmp_path)
    try:
        if not served.embedded:
            pytest.skip("the file of an embedded hub")
        who = {"Authorization": f"Bearer {TOKEN}"}
        assert served.client.get("/api/whoami-v2", headers=who).json()["name"] == "old"
        signed = served.world.release(tier=Tier.OPEN_WEIGHTS)
        assert served.publish(signed).is_success
        answer = served.client.get("/acme/small/resolve/main/model.safetensors")
        assert answer.content == FILES["model.safetensors"]
    finally:
        served.close()
    assert standing(engine).pending == ()


def test_a_later_database_is_left_alone(tmp_path: Path) -> None:
    """A revision nobody here knows is refused with what to do, and nothing is written."""
    path = tmp_path / "hub.sqlite"
    Store.embedded(tmp_path).close()
    engine = opened(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    before = path.read_bytes()
    with pytest.raises(HubError, match="`9999`, of a later version") as caught:
        Store.embedded(tmp_path)
    assert (caught.value.code, "restore a backup" in caught.value.hint) == ("hub.schema", True)
    assert path.read_bytes() == before


def test_what_does_not_fit_stays_as_it_was(tmp_path: Path) -> None:
    """A table that lacks a column is named, and no revision is half done."""
    engine = earlier(tmp_path / "hub.sqlite")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE users DROP COLUMN full_name"))
    before = form(engine)
    with pytest.raises(HubError, match="`users` has no `full_name`") as caught:
        migrate(engine)
    assert caught.value.code == "hub.schema"
    assert form(engine) == before


def test_a_revision_that_fails_leaves_nothing(fresh) -> None:
    """All revisions are one transaction: an error in the last takes back the first."""
    engine = opened(fresh())
    migrate(engine, to=REVISIONS[0][0])
    before = form(engine)

    @event.listens_for(engine, "before_cursor_execute")
    def fail(_connection, _cursor, statement: str, *_: object) -> None:
        if "xet_files_by_digest" in statement:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        migrate(engine)
    assert form(engine) == before


def test_many_that_start_at_once(fresh) -> None:
    """Eight openings of an earlier database at once: one upgrades it, all find it upgraded."""
    address = fresh()
    migrate(opened(address), to=REVISIONS[0][0])
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: Store(address), range(8)))
    for store in stores:
        assert store.count_releases() == 0
        store.close()
    assert standing(opened(address)).pending == ()
