"""Words that are translated when they are printed, for labels made when a module is imported."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:

    def lazy(text: str) -> str:
        """Return the text in the language of whoever reads it, each time it is printed."""
        return text

else:
    # Flask-Babel's lazy string is no str, but WTForms and templates print it as one; the type
    # above says how it is used.
    from flask_babel import lazy_gettext as lazy

__all__ = ["lazy"]
