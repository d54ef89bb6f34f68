"""SVG images inside an HTML page: ids of their own and styles that stay inside."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_PROLOG = re.compile(r"^\s*(?:<\?xml.*?\?>|<!DOCTYPE[^>]*>|<!--.*?-->|\s)*", re.DOTALL)
_ID = re.compile(r'(\s)id="([^"]*)"')
_REFERENCE = re.compile(r'url\(#([^)]*)\)|((?:xlink:)?href=")#([^"]*)"')
_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
_SIZE = re.compile(r'\s(?:width|height)="[^"]*"')


def embed(svg: str, prefix: str, description: str) -> Markup:
    """An SVG document made fit to stand in a page beside others.

    Parameters
    ----------
    svg
        Text of the document.
    prefix
        Set before each of its ids and every reference to one: unique in the page, letters, digits and ``-``.
    description
        Read aloud instead of the image; may hold any characters.

    Returns
    -------
    markupsafe.Markup
        The ``svg`` element; its width follows the page.

    Raises
    ------
    ValueError
        If the text holds no ``svg`` element.

    Examples
    --------
    >>> print(embed('<svg viewBox="0 0 1 1"><path id="a"/><use href="#a"/></svg>', "f1", "A <line>"))
    <svg id="f1" role="img" aria-label="A &lt;line&gt;" viewBox="0 0 1 1"><path id="f1-a"/><use href="#f1-a"/></svg>
    """
    body = _PROLOG.sub("", svg)
    if not body.startswith("<svg"):
        raise ValueError("expected an SVG document")
    body = _ID.sub(rf'\1id="{prefix}-\2"', body)
    body = _REFERENCE.sub(lambda found: _renamed(found, prefix), body)
    # Rules of an image would hold for the whole page.
    body = _STYLE.sub(lambda found: f"<style>#{prefix} {found[1].strip()}</style>", body)
    end = body.index(">")
    opening = _SIZE.sub("", body[4:end])
    return Markup(f'<svg id="{prefix}" role="img" aria-label="{escape(description)}"{opening}{body[end:].rstrip()}')


def _renamed(found: re.Match[str], prefix: str) -> str:
    if found[1] is not None:
        return f"url(#{prefix}-{found[1]})"
    return f'{found[2]}#{prefix}-{found[3]}"'
