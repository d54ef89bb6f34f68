"""An SVG document inside a page keeps to itself."""

from __future__ import annotations

import pytest

from budgetsim.report.embed import embed

DOCUMENT = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"
  "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<!-- made by hand -->
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="10pt" height="20pt" viewBox="0 0 10 20">
 <defs><style type="text/css">*{stroke-linecap: butt}</style><path id="mark" d="M 0 0"/></defs>
 <clipPath id="clip"><rect width="3" height="4" x="1" y="2"/></clipPath>
 <g id="a" clip-path="url(#clip)"><use xlink:href="#mark"/><use href="#mark"/></g>
 <text>a "quoted" id="word", #mark</text>
</svg>
"""


def test_ids_and_references_change_together():
    text = str(embed(DOCUMENT, "f", "words"))
    assert 'id="f-mark"' in text
    assert 'id="f-clip"' in text
    assert 'clip-path="url(#f-clip)"' in text
    assert '<use xlink:href="#f-mark"/><use href="#f-mark"/>' in text


def test_prolog_and_size_go_and_inner_sizes_stay():
    text = str(embed(DOCUMENT, "f", "words"))
    assert text.startswith('<svg id="f" role="img" aria-label="words" xmlns:xlink=')
    assert "<?xml" not in text
    assert "DOCTYPE" not in text
    assert 'viewBox="0 0 10 20">' in text
    assert "10pt" not in text
    assert '<rect width="3" height="4" x="1" y="2"/>' in text


def test_rules_hold_for_this_image_only():
    assert "<style>#f *{stroke-linecap: butt}</style>" in embed(DOCUMENT, "f", "words")


def test_the_description_cannot_break_out():
    assert 'aria-label="&#34;&gt;&lt;b&gt;"' in embed(DOCUMENT, "f", '"><b>')


@pytest.mark.parametrize("text", ["", "<html></html>", "not XML", "<!-- <svg> -->"])
def test_something_else_is_refused(text: str):
    with pytest.raises(ValueError, match="expected an SVG document"):
        embed(text, "f", "words")
