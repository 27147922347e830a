"""The end of a visit: what came of it, what was seen to, and how the patient leaves.

The page lists what is not met and presets nothing while that is so; the action judges anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, make_response, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types

from clinic.actions.releases import Release, roles_of
from clinic.actions.visits import finish_visit
from clinic.errors import ClinicError
from clinic.models.engine import reading, writing
from clinic.queries.chairs import checks_at
from clinic.queries.outcomes import outcome_reasons
from clinic.rules.appointments import Outcome
from clinic.rules.permissions import Permission
from clinic.rules.vitals_release import Way, unmet
from clinic.web.clinician.blueprint import blueprint
from clinic.web.clinician.end_views import check_words, way_word
from clinic.web.clinician.forms import FinishForm
from clinic.web.clinician.pages import VisitPage, read_page
from clinic.web.clinician.visits import visit_to_change
from clinic.web.errors import form_again
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.outcomes import outcome_word, reason_word
from clinic.web.requests import current_clinic, see_other
from clinic.web.undoable import Done, do_once, done_to, say_undoable

PAGE = "clinician/finish.html"


@dataclass(frozen=True, slots=True)
class EndingGroup:
    """One outcome with the values of the choices that lead to it."""

    outcome: Outcome
    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndPage:
    """What the page of the end prints beside the visit: the endings and the checklist.

    `missing` is what readings and the clock do not say yes to; what a person states is ticked.
    While anything is open nothing is chosen beforehand.
    """

    page: VisitPage
    groups: tuple[EndingGroup, ...]
    met: tuple[str, ...]
    missing: tuple[str, ...]
    asks_way: bool
    is_open: bool


@blueprint.route("/visits/<public_id>/finish", methods=["GET", "POST"])
@needs(Permission.RECORD_SIDE_EFFECTS)
def finish(public_id: str) -> Response:
    """Close the visit's record and mark the visit done, with what came of it."""
    form, here = FinishForm(), current_clinic()
    shown = _read(form, public_id)
    if not form.is_submitted():
        return _fresh(form, shown)
    if not form.validate():
        return form_again(PAGE, None, form=form, shown=shown)
    try:
        with writing(here.engine) as unit:
            made = do_once(unit, lambda: _finish(unit, public_id, form))
    except ClinicError as problem:
        return _again(form, public_id, problem)
    say_undoable(gettext("The visit has ended."), made)
    return see_other(made.target)


def _read(form: FinishForm, public_id: str) -> EndPage:
    """Return the page, and give the form its choices; not begun can only be not treated."""
    here, page = current_clinic(), read_page(public_id)
    outcome = Outcome.COMPLETE if page.has_begun else Outcome.NOT_TREATED
    with reading(here.engine) as unit:
        listed = outcome_reasons(unit)
        checks = checks_at(unit, public_id=public_id, outcome=outcome, now=here.now)
    form.ticked.choices = [
        SelectChoice(one.key, check_words(one, page.standing)) for one in checks if one.is_tick
    ]
    asks_way = bool(checks)
    form.way.choices = _ways(asks_way, roles_of(here.actor, page.site_id))
    words = [(one.is_met, check_words(one, page.standing)) for one in checks if not one.is_tick]
    return EndPage(
        page=page,
        groups=_groups(form, page, listed),
        met=tuple(text for is_met, text in words if is_met),
        missing=tuple(text for is_met, text in words if not is_met),
        asks_way=asks_way,
        is_open=bool(unmet(checks)),
    )


def _ways(asks_way: bool, roles: frozenset[str]) -> list[SelectChoice]:
    """Return how the patient may leave by the hand of somebody with these roles."""
    ways = [Way.DISCHARGED]
    if asks_way:
        ways += [Way.OVERRIDDEN] if roles else []
        ways += [Way.LEFT_BEFORE_READY, Way.SENT_TO_HOSPITAL]
    return [SelectChoice(way.value, way_word(way)) for way in ways]


def _fresh(form: FinishForm, shown: EndPage) -> Response:
    """Return the empty page; what is usual is chosen only when nothing speaks against it."""
    page = shown.page
    note_look(
        "view_visit",
        subject="appointment",
        subject_id=page.appointment_id,
        patient_id=page.patient_id,
    )
    form.version.data = str(page.version)
    if shown.is_open:
        form.way.data = None
    elif page.has_begun:
        form.ending.data = Outcome.COMPLETE.value
    return make_response(render_template(PAGE, form=form, shown=shown, problem=None))


def _again(form: FinishForm, public_id: str, problem: ClinicError) -> Response:
    """Return the form as it was filled, beside the visit as it stands now."""
    shown = _read(form, public_id)
    form.version.data = str(shown.page.version)
    if shown.is_open and not form.way.raw_data:
        form.way.data = None
    return form_again(PAGE, problem, form=form, shown=shown)


def _finish(unit: Session, public_id: str, form: FinishForm) -> Done:
    here = current_clinic()
    outcome, _, reason = (form.ending.data or "").partition(".")
    version = form.version.data or ""
    appointment = visit_to_change(unit, public_id)
    finish_visit(
        unit,
        appointment=appointment,
        outcome=Outcome(outcome),
        reason=reason or None,
        version=int(version) if version.isdecimal() and len(version) < 10 else 0,
        by=here.actor,
        now=here.now,
        release=Release(
            way=Way(form.way.data or Way.DISCHARGED),
            ticked=frozenset(form.ticked.data or ()),
            words=form.words.data or "",
            is_nothing_given=bool(form.is_nothing_given.data),
        ),
    )
    return done_to(unit, url_for("clinician.show_visit", public_id=public_id), appointment)


def _groups(
    form: FinishForm, page: VisitPage, listed: Mapping[Outcome, tuple[str, ...]]
) -> tuple[EndingGroup, ...]:
    """Give the form its endings and return them in groups."""
    possible = (Outcome.PARTIAL, Outcome.NOT_TREATED) if page.has_begun else (Outcome.NOT_TREATED,)
    coded = {one: listed.get(one, ()) for one in possible}
    form.ending.choices = [
        SelectChoice(f"{outcome}.{code}", reason_word(code))
        for outcome, codes in coded.items()
        for code in codes
    ]
    groups = tuple(
        EndingGroup(outcome, outcome_word(outcome), tuple(f"{outcome}.{code}" for code in codes))
        for outcome, codes in coded.items()
    )
    if not page.has_begun:
        return groups
    whole = Outcome.COMPLETE
    form.ending.choices.insert(0, SelectChoice(whole.value, outcome_word(whole)))
    return (EndingGroup(whole, gettext("As planned"), (whole.value,)), *groups)
