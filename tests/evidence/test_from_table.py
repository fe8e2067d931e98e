"""Tables with one row per sample: CSV and JSON lines, PyRIT's among them."""

import csv
from decimal import Decimal

import pytest

from eval_logs import counts, read, refused, rows
from evidence_values import GOLDEN
from openweir.errors import EvidenceError

CSV = (GOLDEN / "table.csv").read_bytes()
HEAD = b"id,outcome,date\n"


class TestGolden:
    """The same twelve attacks in two forms."""

    @pytest.mark.parametrize("name", ["table.csv", "pyrit.jsonl"])
    def test_counts(self, name):
        """Two got through, nine did not, one is undetermined; two prompts per lock."""
        (found,) = read(name)
        assert counts(found) == (2, 9, 1)
        assert (found.clusters.n, found.clusters.some) == (6, 2)
        assert found.produced_on == "2026-11-20"

    def test_pyrit_is_known(self):
        """PyRIT's columns name the tool."""
        assert read("pyrit.jsonl")[0].tool == "pyrit"
        assert read("table.csv")[0].tool == "table"

    def test_judge(self):
        """A judge's column names the judge."""
        assert read("table.csv")[0].judge.id == "velmar-judge-1"

    def test_json_list(self):
        """A JSON list of rows reads like lines of them."""
        import json

        (found,) = read(json.dumps(rows("pyrit.jsonl")).encode())
        assert counts(found) == (2, 9, 1)


class TestColumns:
    """Which column says what."""

    def test_named(self):
        """The user names columns that are not known."""
        table = b"frage;ergebnis\nq1;yes\nq2;no\n"
        assert refused(table).code == "evidence.column"
        columns = (("id", "frage"), ("outcome", "ergebnis"))
        (found,) = read(table, columns=columns, produced_on="2026-11-20", task="fragen")
        assert (counts(found), found.task) == ((1, 1, 0), "fragen")

    @pytest.mark.parametrize(
        ("columns", "text"),
        [((("id", "nothing"),), "no column `nothing`"), ((("colour", "outcome"),), "`colour` is")],
    )
    def test_not_there(self, columns, text):
        """A column that is not there, or that says nothing known, is refused."""
        with pytest.raises(EvidenceError, match=text) as caught:
            read(CSV, columns=columns)
        assert caught.value.code == "evidence.column"

    def test_threshold(self):
        """Grades count from the threshold on, and the record's score says so."""
        table = b"id,score,date\na,0.2,2026-11-20\nb,0.5,2026-11-20\nc,0.9,2026-11-20\n"
        assert refused(table).code == "evidence.not-binary"
        (found,) = read(table, threshold=Decimal("0.5"))
        assert (counts(found), found.metric) == ((2, 1, 0), "score >= 0.5")

    def test_repeats(self):
        """Repeats of a question are groups, where a column tells them apart."""
        table = b"id,outcome,date\na,1,2026-11-20\na,0,2026-11-20\n"
        assert refused(table).code == "evidence.duplicate-sample"
        told = b"id,outcome,date,epoch\na,1,2026-11-20,1\na,0,2026-11-20,2\n"
        assert read(told)[0].clusters.n == 1

    def test_last_day(self):
        """The day of the run is its last."""
        (found,) = read(HEAD + b"a,1,2026-11-20\nb,0,2026-11-22\n")
        assert found.produced_on == "2026-11-22"


class TestRefusals:
    """Tables in which a row could get lost."""

    @pytest.mark.parametrize(
        ("table", "code"),
        [
            (HEAD + b"a,1,2026-11-20\nb,0\n", "evidence.log-table"),
            (HEAD + b"a,1,2026-11-20\nb,0,2026-11-20,extra\n", "evidence.log-table"),
            (HEAD + b"a,perhaps,2026-11-20\n", "evidence.not-binary"),
            (HEAD + b",1,2026-11-20\n", "evidence.sample-id"),
            (HEAD + b"a,,2026-11-20\n", "evidence.no-samples"),
            (HEAD + b"a,1,soon\n", "evidence.log-date"),
            (HEAD + b"a,1,\n", "evidence.log-date"),
            (HEAD + b'a,"1,2026-11-20\n', "evidence.log-table"),
            (HEAD + b"a,\xff,2026-11-20\n", "evidence.log-table"),
            (HEAD, "evidence.no-samples"),
            (b"id,id,outcome\na,b,1\n", "evidence.log-table"),
            (b"plain words\nand more\n", "evidence.unknown-log"),
        ],
    )
    def test_rows(self, table, code):
        """Each is refused by name."""
        assert refused(table).code == code

    def test_blank_lines_are_none(self):
        """Blank lines at the end are no rows."""
        assert counts(read(CSV + b"\n\n")[0]) == (2, 9, 1)

    @pytest.mark.parametrize("limit", [131_072, 2**31 - 1])
    def test_long_cell(self, limit):
        """A cell that is too long is refused, not cut, whatever others told the parser."""
        table = HEAD + b"a," + b"x" * 200_000 + b",2026-11-20\n"
        before = csv.field_size_limit(limit)
        try:
            assert refused(table).code == "evidence.log-table"
        finally:
            csv.field_size_limit(before)
