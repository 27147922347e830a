"""One-time log-in links: looking at one changes nothing, pressing its button uses it up."""

from flask import Response, render_template, url_for

from clinic.actions.accounts import use_login_link
from clinic.actions.sessions import hash_token, open_session, revoke_session
from clinic.clock import machine_now
from clinic.errors import NotFound
from clinic.models.engine import reading, writing
from clinic.queries.accounts import is_usable_link
from clinic.web.auth.blueprint import blueprint
from clinic.web.auth.forms import LinkForm
from clinic.web.auth.views import carry
from clinic.web.guard import public
from clinic.web.requests import asking, current_clinic


@blueprint.get("/link/<token>")
@public
def show_link(token: str) -> str:
    """Show the button of a link that can still be used; a mail scanner uses nothing up."""
    with reading(current_clinic().engine) as unit:
        is_usable = is_usable_link(unit, token_hash=hash_token(token), machine_at=machine_now())
    if not is_usable:
        raise NotFound("login_link_unusable")
    return render_template("auth/link.html", form=LinkForm())


@blueprint.post("/link/<token>")
@public
def use_link(token: str) -> Response:
    """Use the link up and open a session."""
    here = current_clinic()
    old = asking()
    with writing(here.engine) as unit:
        account_id = use_login_link(unit, token=token, now=here.now)
        if old is not None:
            revoke_session(unit, token_hash=old.token_hash, machine_at=machine_now())
        opened = open_session(unit, account_id=account_id, machine_at=machine_now())
    return carry(opened, url_for("auth.start"))
