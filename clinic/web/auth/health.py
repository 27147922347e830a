"""The machine's health, for whoever runs it: no name, no count, no version."""

from http import HTTPStatus

from flask import Response, jsonify
from sqlalchemy.exc import DBAPIError

from clinic.clock import machine_now
from clinic.models.engine import reading
from clinic.queries.accounts import heartbeat_at
from clinic.web.auth.blueprint import blueprint
from clinic.web.guard import public
from clinic.web.requests import SILENT_AFTER, current_clinic


@blueprint.get("/healthz")
@public
def healthz() -> tuple[Response, HTTPStatus]:
    """Say whether the database answers and how long ago the scheduler last did, in seconds."""
    try:
        with reading(current_clinic().engine) as unit:
            beat = heartbeat_at(unit)
    except DBAPIError:
        return jsonify(database="silent"), HTTPStatus.SERVICE_UNAVAILABLE
    age = None if beat is None else machine_now() - beat
    is_alive = age is not None and age <= SILENT_AFTER
    status = HTTPStatus.OK if is_alive else HTTPStatus.SERVICE_UNAVAILABLE
    seconds = None if age is None else int(age.total_seconds())
    return jsonify(database="ok", scheduler_seconds=seconds, is_alive=is_alive), status
