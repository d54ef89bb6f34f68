"""Back ends of other projects, installed as they would be, and broken ones."""

import shutil
import sys
from pathlib import Path

import pytest

from budgetsim.errors import InputError
from budgetsim.traces import read
from budgetsim.traces.backends import GROUP, Backend, find

PROJECT = Path(__file__).with_name("thirdparty")
CSV = "item,right,tokens\na,yes,10\nb,no,12\nb,maybe,7\na,no,3\n"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A folder on the path with the third party's module and the metadata an installer would write."""
    site = tmp_path / "site"
    site.mkdir()
    shutil.copy(PROJECT / "csv_runs.py", site)
    metadata = site / "csv_runs-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: csv-runs\nVersion: 1.0\n")

    def publish(**points):
        body = "".join(f"{name} = {value}\n" for name, value in points.items())
        (metadata / "entry_points.txt").write_text(f"[{GROUP}]\n{body}")

    publish(csv="csv_runs:BACKEND")
    monkeypatch.syspath_prepend(str(site))
    yield publish
    sys.modules.pop("csv_runs", None)


def test_our_own_back_ends_come_through_the_group(tmp_path):
    for head, name in ((b"PAR1", "parquet"), (b"{}", "jsonl"), (b"\x1f\x8b", "jsonl")):
        found, backend = find(tmp_path / "x", head)
        assert (found, isinstance(backend, Backend)) == (name, True)


@pytest.mark.usefixtures("installed")
def test_other_format_is_read_with_checks_duplicates_and_rejects(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(CSV)
    runs = read(path)
    assert runs.sources[0].backend == "csv"
    assert runs.table.select("problem_id", "correct", "completion_tokens").rows() == [("a", True, 10), ("b", False, 12)]
    assert [(each.line, each.reason, each.field) for each in runs.rejects.kept] == [
        (4, "wrong_type", "correct"),
        (5, "duplicate_row", None),
    ]
    with pytest.raises(InputError, match="malformed_json"):
        read(path, backend="jsonl", strict=True)


@pytest.mark.usefixtures("installed")
def test_back_end_may_break_off(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(CSV + "END\n")
    runs = read(path)
    assert (runs.sources[0].complete, runs.rejects.kept[-1].reason) == (False, "truncated")
    path.write_bytes(b"item,right,tokens\n\xff\xff,yes,1\n")
    with pytest.raises(InputError, match="back end 'csv' cannot read it"):
        read(path)


@pytest.mark.parametrize("broken", ["no_such_module:BACKEND", "csv_runs:NOTHING", "csv_runs:csv", "csv_runs:RAISES"])
def test_broken_back_end_harms_nobody_until_it_is_asked_for(tmp_path, installed, broken):
    installed(broken=broken)
    path = tmp_path / "runs.jsonl"
    path.write_text('{"problem_id": "a", "correct": true}')
    assert len(read(path)) == 1
    if broken != "csv_runs:RAISES":
        with pytest.raises(InputError, match="'broken'"):
            read(path, backend="broken")


def test_unknown_back_end_is_answered_with_the_known(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text("{}")
    with pytest.raises(InputError, match=r"jsonl, parquet.*'excel'"):
        read(path, backend="excel")
