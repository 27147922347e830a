"""The application factory: the one place where everything is joined."""

import sys
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from jinja2 import StrictUndefined

from clinic.extensions import babel, csrf, db
from clinic.models.engine import engine_options, prepare_engine
from clinic.rules.people import FIRST_LANGUAGE, LANGUAGES
from clinic.web.admin import blueprint as admin
from clinic.web.auth import blueprint as auth
from clinic.web.clinician import blueprint as clinician
from clinic.web.desk import blueprint as desk
from clinic.web.desk.imports import blueprint as imports
from clinic.web.errors import install_errors, log_fault
from clinic.web.guard import install_guard
from clinic.web.patient import blueprint as patient
from clinic.web.requests import Installation, asking, install, installation
from clinic.web.schedule import blueprint as schedule
from clinic.web.shell import install_shell, static_version
from clinic.web.words import install_words
from config import LOOPBACK, Settings

MEGABYTE = 1024 * 1024
MOST_PARTS = 1_000
LONG_CACHE = "public, max-age=31536000, immutable"
POLICY = "; ".join(
    (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "X-Robots-Tag": "noindex",
}
Fault = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class ClinicApp(Flask):
    """A Flask application whose log holds no values of a request."""

    def log_exception(self, exc_info: Fault) -> None:
        """Log where a fault happened; Flask's own way would write the address and the message."""
        error = exc_info[1] or sys.exc_info()[1]
        if error is not None:
            log_fault(error)


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application for these settings, or for those of the environment."""
    settings = settings or Settings.from_environment()
    app = ClinicApp(__name__)
    configure(app, settings)
    db.init_app(app)
    csrf.init_app(app)
    babel.init_app(app, locale_selector=_language)
    install_words(app)
    with app.app_context():
        install(app, Installation(engine=prepare_engine(db.engine), settings=settings))
    install_errors(app)
    install_guard(app)
    install_shell(app)
    for blueprint in (auth, desk, imports, schedule, clinician, admin, patient):
        app.register_blueprint(blueprint)
    app.after_request(add_headers)
    return app


def configure(app: Flask, settings: Settings) -> None:
    """Set what Flask and its extensions read.

    Flask-WTF's referrer check is off because our pages send no referrer; the guard looks at
    Sec-Fetch-Site instead. The signed cookie holds the CSRF secret and what was just done.
    """
    host = urlsplit(settings.base_url).hostname or ""
    app.config.update(
        SECRET_KEY=settings.secret,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        SESSION_COOKIE_NAME=f"{settings.cookie_name}-form",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=MEGABYTE,
        MAX_FORM_MEMORY_SIZE=MEGABYTE,
        MAX_FORM_PARTS=MOST_PARTS,
        TRUSTED_HOSTS=[host, *sorted(LOOPBACK - {"::1"}), "[::1]"],
        SESSION_PROTECTION=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        BABEL_DEFAULT_LOCALE="en",
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def add_headers(answer: Response) -> Response:
    """Add the security headers to every answer; nothing but style and script may be stored."""
    answer.headers.update(HEADERS)
    if installation().settings.is_https:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    answer.headers["Cache-Control"] = _cache_rule(answer)
    return answer


def _cache_rule(answer: Response) -> str:
    """Return how long an answer may be kept: a static file asked for by its version, for long."""
    if request.endpoint != "static" or answer.status_code not in {200, 206, 304}:
        return "no-store"
    name = (request.view_args or {}).get("filename", "")
    version = static_version(Path(current_app.static_folder or "") / name)
    return LONG_CACHE if request.args.get("v") == version else "no-cache"


def _language() -> str:
    """Return the language of the page: a patient's own, English for staff, else the browser's."""
    wish = request.args.get("lang")
    who = asking()
    if who is not None and who.actor.patient_id is None:
        return "en"
    if wish is not None and wish in LANGUAGES:
        return wish
    if who is not None:
        return who.language if who.language in LANGUAGES else FIRST_LANGUAGE
    return request.accept_languages.best_match([*LANGUAGES], FIRST_LANGUAGE)
