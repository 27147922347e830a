"""Words in the language of whoever reads: labels made at import, and those of templates."""

from typing import TYPE_CHECKING

from babel.support import NullTranslations
from flask import Flask, g
from flask_babel import get_translations

if TYPE_CHECKING:

    def lazy(text: str) -> str:
        """Return the text in the language of whoever reads it, each time it is printed."""
        return text

else:
    # Flask-Babel's lazy string is no str, but WTForms and templates print it as one; the type
    # above says how it is used.
    from flask_babel import lazy_gettext as lazy

__all__ = ["install_words", "lazy"]


def install_words(app: Flask) -> None:
    """Let templates look up the translations once a request; a page asks for dozens of words."""
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined] # of jinja2.ext.i18n
        lambda text: _translations().ugettext(text),
        lambda one, many, n: _translations().ungettext(one, many, n),
        newstyle=True,
    )


def _translations() -> NullTranslations:
    if "translations" not in g:
        g.translations = get_translations()
    found: NullTranslations = g.translations
    return found
