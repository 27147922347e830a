"""QR codes as SVG markup for a page: no image file, no script, no style of its own."""

from markupsafe import Markup

QUIET_MODULES = 4
"""The empty border round the code that readers need, by the standard."""


def qr_svg(text: str, *, title: str) -> Markup:
    """Return the QR code of a text as an SVG element, dark on white in every colour scheme."""
    import segno  # noqa: PLC0415 -- 1 MB that only the page of a new link needs

    code = segno.make(text, error="m", micro=False)
    drawn = code.svg_inline(
        scale=4, border=QUIET_MODULES, dark="#000", light="#fff", title=title, svgclass="qr"
    )
    return Markup(drawn)  # noqa: S704 -- drawn by the library, which escapes the title
