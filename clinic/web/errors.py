"""Errors as answers: each kind has one status, one page and one sentence.

A page that is not there and a page that is somebody else's give the same bytes: the error page
prints no name, no address and no token.
"""

import logging
import traceback
from http import HTTPStatus

from flask import Flask, Response, make_response, render_template
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from clinic.errors import Busy, ClinicError, Conflict, NotAllowed, NotFound, RuleBroken
from clinic.models.engine import is_busy
from clinic.web.requests import wants_fragment
from clinic.web.sentences import sentence

RETRY_SECONDS = 5
STATUS: tuple[tuple[type[ClinicError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (Conflict, HTTPStatus.CONFLICT),
    (Busy, HTTPStatus.SERVICE_UNAVAILABLE),
    (RuleBroken, HTTPStatus.UNPROCESSABLE_ENTITY),
)
log = logging.getLogger(__name__)


def status_of(error: ClinicError) -> HTTPStatus:
    """Return the status with which an error is answered."""
    for kind, status in STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.UNPROCESSABLE_ENTITY


def form_again(template: str, problem: ClinicError | None, **context: object) -> Response:
    """Return the filled form once more, with what is wrong above it.

    `problem` None means the fields themselves are wrong (422). The template gets the sentence as
    `problem`. NotFound and NotAllowed are no fault of a form and are raised on.
    """
    if isinstance(problem, NotFound | NotAllowed):
        raise problem
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem is None else status_of(problem)
    words = None if problem is None else sentence(problem)
    return _with_retry(make_response(render_template(template, problem=words, **context), status))


def install_errors(app: Flask) -> None:
    """Give the application its error pages."""
    app.register_error_handler(ClinicError, answer_clinic_error)
    app.register_error_handler(CSRFError, answer_csrf_error)
    app.register_error_handler(OperationalError, answer_database_error)
    app.register_error_handler(DataError, answer_unstorable)
    app.register_error_handler(SecurityError, answer_foreign_host)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(InternalServerError, answer_fault)


def answer_clinic_error(error: ClinicError) -> Response:
    """Answer an error of our own that no view has turned into a form."""
    status = status_of(error)
    if status is HTTPStatus.NOT_FOUND and error.code != "login_link_unusable":
        return _page(status, _words(status))
    return _page(status, sentence(error))


def answer_csrf_error(_error: CSRFError) -> Response:
    """Answer a form whose token is missing, old or another session's."""
    words = gettext(
        "This form was opened too long ago or in another window. "
        "Nothing was saved: go back, reload the page and send it again."
    )
    return _page(HTTPStatus.BAD_REQUEST, words)


def answer_database_error(error: OperationalError) -> Response:
    """Answer a locked database like Busy; anything else is a fault."""
    if is_busy(error):
        return answer_clinic_error(Busy("database_busy"))
    raise error


def answer_unstorable(error: DataError) -> Response:
    """Answer a value no column can hold, such as NUL in an address: PostgreSQL refuses to look."""
    log_fault(error)
    return _page(HTTPStatus.BAD_REQUEST, _words(HTTPStatus.BAD_REQUEST))


def answer_foreign_host(_error: SecurityError) -> Response:
    """Answer a request for another host in plain words: no page can be built for it."""
    return Response("This address is not served here.\n", 400, mimetype="text/plain")


def answer_http_error(error: HTTPException) -> Response:
    """Answer what Flask itself refuses, keeping headers such as Allow."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    answer = _page(status, _words(status))
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            answer.headers[name] = value
    return answer


def answer_fault(_error: InternalServerError) -> Response:
    """Answer a fault of ours without a word of what was being worked on."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _page(status, _words(status))


def log_fault(error: BaseException) -> None:
    """Log where a fault happened and its type; its text may hold what must not reach a log."""
    where = [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    log.error("fault %s at %s", type(error).__name__, " < ".join(reversed(where)))


def _page(status: HTTPStatus, words: str) -> Response:
    template = "_error.html" if wants_fragment() else "error.html"
    page = render_template(template, status=int(status), title=_title(status), words=words)
    return _with_retry(make_response(page, status))


def _with_retry(answer: Response) -> Response:
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _title(status: HTTPStatus) -> str:
    titles = {
        HTTPStatus.BAD_REQUEST: gettext("This could not be read"),
        HTTPStatus.UNAUTHORIZED: gettext("Please log in"),
        HTTPStatus.FORBIDDEN: gettext("Not allowed"),
        HTTPStatus.NOT_FOUND: gettext("Not found"),
        HTTPStatus.CONFLICT: gettext("Something has changed meanwhile"),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: gettext("Too much at once"),
        HTTPStatus.UNPROCESSABLE_ENTITY: gettext("This cannot be done"),
        HTTPStatus.TOO_MANY_REQUESTS: gettext("Too many tries"),
        HTTPStatus.SERVICE_UNAVAILABLE: gettext("One moment"),
    }
    return titles.get(status, gettext("Something went wrong"))


def _words(status: HTTPStatus) -> str:
    words = {
        HTTPStatus.UNAUTHORIZED: gettext("You are no longer logged in."),
        HTTPStatus.NOT_FOUND: gettext(
            "There is nothing here, or nothing you may see. Check the address."
        ),
        HTTPStatus.METHOD_NOT_ALLOWED: gettext("This page cannot be used in this way."),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: gettext("The form was too large. Nothing was saved."),
        HTTPStatus.INTERNAL_SERVER_ERROR: gettext(
            "This is a fault of the program. Nothing was saved. Please try again, "
            "and tell your administrator if it happens twice."
        ),
    }
    return words.get(status, gettext("The request could not be understood. Nothing was saved."))
