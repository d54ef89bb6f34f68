"""Whatever the bytes of a file: either Runs in which every line is accounted for, or an InputError."""

import gzip
import json

import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgetsim.errors import InputError
from budgetsim.traces import read
from budgetsim.traces.schema import FIELDS

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=3), each, max_size=3),
    max_leaves=5,
)
almost_rows = st.dictionaries(st.sampled_from([*FIELDS, "note"]), json_values, max_size=6)
good_rows = st.fixed_dictionaries({"problem_id": st.text(min_size=1, max_size=2), "correct": st.booleans()})
lines = st.one_of(
    st.binary(max_size=30).map(lambda text: text.replace(b"\n", b"")),
    st.sampled_from([b"", b"  ", b"\r", b"\xef\xbb\xbf", b"\xff\xfe", b"PAR1", b"\x1f\x8b"]),
    (almost_rows | good_rows).map(lambda row: json.dumps(row).encode()),
)
texts = st.lists(lines, max_size=8).map(b"\n".join)
keep = st.just(lambda text: text)
wrap = keep | st.just(gzip.compress) | st.just(zstandard.ZstdCompressor().compress)


@st.composite
def files(draw):
    content = draw(wrap)(draw(texts))
    if draw(st.booleans()) and content:
        at = draw(st.integers(0, len(content) - 1))
        content = draw(st.sampled_from([content[:at], content[:at] + draw(st.binary(max_size=3)) + content[at + 1 :]]))
    return content


def check(folder, content):
    path = folder / "any"
    path.write_bytes(content)
    runs, refused = None, None
    try:
        runs = read(path)
    except InputError as error:
        refused = error
    if runs is None:
        assert refused.file == str(path)
        assert str(refused).isprintable()
        return None
    (source,) = runs.sources
    assert len(runs) == source.accepted > 0
    assert source.rejected == len(runs.rejects) == len(runs.rejects.kept)
    numbers = [reject.line for reject in runs.rejects.kept]
    assert numbers == sorted(set(numbers))
    return source


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files())
def test_any_file(tmp_path_factory, content):
    check(tmp_path_factory.mktemp("any"), content)


@settings(max_examples=200, deadline=None)
@given(texts, wrap)
def test_any_lines_are_all_accounted_for(tmp_path_factory, text, wrapped):
    source = check(tmp_path_factory.mktemp("any"), wrapped(text))
    if source is not None:
        assert source.complete
        # A line feed ends a line; what follows the last one is a line when there is anything.
        assert source.accepted + source.rejected + source.blank == text.count(b"\n") + (not text.endswith(b"\n"))
