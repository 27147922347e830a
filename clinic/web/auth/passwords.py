"""One's own password."""

from flask import Response, make_response, render_template, url_for
from flask_babel import gettext

from clinic.actions.accounts import hash_password, set_password, verify_password
from clinic.errors import ClinicError, NotFound
from clinic.models.engine import reading, writing
from clinic.queries.accounts import password_hash_of
from clinic.web.auth.blueprint import blueprint
from clinic.web.auth.forms import PasswordForm
from clinic.web.errors import form_again
from clinic.web.guard import signed_in
from clinic.web.requests import asking, current_clinic, see_other
from clinic.web.shell import say

PAGE = "auth/password.html"


@blueprint.route("/account/password", methods=["GET", "POST"])
@signed_in
def change_password() -> Response:
    """Show the form, or change the password and end the other sessions."""
    form = PasswordForm()
    if not form.is_submitted():
        return make_response(render_template(PAGE, form=form, problem=None))
    if not form.validate() or not _is_present_right(form):
        return form_again(PAGE, None, form=form)
    try:
        _change(hash_password(form.fresh.data or ""))
    except ClinicError as problem:
        return form_again(PAGE, problem, form=form)
    say(gettext("Your password is changed. Other devices are logged out."))
    return see_other(url_for("auth.start"))


def _is_present_right(form: PasswordForm) -> bool:
    here = current_clinic()
    with reading(here.engine) as unit:
        known = password_hash_of(unit, account_id=here.actor.account_id or 0)
    if verify_password(known, form.present.data or ""):
        return True
    form.present.errors = [gettext("This is not your present password.")]
    return False


def _change(password_hash: str) -> None:
    here = current_clinic()
    who = asking()
    if who is None or here.actor.account_id is None:
        raise NotFound("no_such_thing")
    with writing(here.engine) as unit:
        set_password(
            unit,
            account_id=here.actor.account_id,
            password_hash=password_hash,
            must_change_password=False,
            keep_session=who.token_hash,
            by=here.actor,
            now=here.now,
        )
