"""Every form that writes, by its endpoint: a new one without a row here fails the tests."""

from collections.abc import Callable

from clinic.actions.accounts import create_login_link
from clinic.models import Patient
from clinic.models.engine import writing
from tests.conftest import NOW
from tests.factories import PASSWORD
from tests.integration.web_desk.patients import ANA, NEW
from tests.integration.web_forms import admin, chair, imports, schedule
from tests.integration.web_forms.ground import Ground, WriteForm

FRESH = "another long enough sentence"


def new_patient(ground: Ground) -> WriteForm:
    return WriteForm(
        page=NEW,
        address=NEW,
        fields=ANA,
        kept="Parks behind the house.",
        race=lambda: ground.front(NEW, **ANA),
        says="Somebody of this name and birth date is here already",
    )


def edit_patient(ground: Ground) -> WriteForm:
    page = f"/desk/patients/{ground.desk.cast.pat.public_id}/edit"
    return WriteForm(
        page=page,
        address=page,
        fields=ANA,
        kept="Parks behind the house.",
        race=lambda: ground.front(page, **(ANA | {"given": "Anita"})),
        says="Anita",
    )


def make_link(ground: Ground) -> WriteForm:
    page = f"/desk/patients/{ground.desk.cast.pat.public_id}"
    return WriteForm(
        page=page,
        address=f"{page}/link",
        kept="Pat Price",
        race=lambda: ground.front(f"{page}/link", page=page),
        lost=200,
        says="good for 30 minutes and for one use",
        done=200,
    )


def find_patients(_ground: Ground) -> WriteForm:
    page = "/desk/patients"
    return WriteForm(
        page=page, address=page, fields={"q": "price"}, kept='value="price"', table="search"
    )


def use_link(ground: Ground) -> WriteForm:
    cast = ground.desk.cast
    with writing(ground.desk.engine) as session:
        patient = session.get_one(Patient, cast.pat.patient_id)
        token = create_login_link(session, patient=patient, by=cast.dana.actor, now=NOW)
    page = f"/link/{token}"
    return WriteForm(
        page=page,
        address=page,
        race=lambda: ground.browser("").send(page, {}),
        lost=404,
        who="",
    )


def change_password(ground: Ground) -> WriteForm:
    page = "/account/password"
    fields = {"present": PASSWORD, "fresh": FRESH, "again": FRESH}
    return WriteForm(
        page=page,
        address=page,
        fields=fields,
        race=lambda: ground.front(page, **fields),
        lost=303,
        says="/log-in",
    )


def log_in(_ground: Ground) -> WriteForm:
    fields = {"login": "dana", "password": PASSWORD}
    return WriteForm(page="/log-in", address="/log-in", fields=fields, kept='value="dana"', who="")


def log_out(_ground: Ground) -> WriteForm:
    return WriteForm(page="/account", address="/log-out")


FORMS: dict[str, tuple[Callable[[Ground], WriteForm], ...]] = {
    **admin.FORMS,
    "auth.change_password": (change_password,),
    "auth.log_in": (log_in,),
    "auth.log_out": (log_out,),
    "auth.use_link": (use_link,),
    "clinician.add_side_effect": (chair.add_side_effect,),
    "clinician.add_vitals": (chair.add_vitals,),
    "clinician.begin": (chair.begin,),
    "clinician.change_effect": (chair.change_effect,),
    "clinician.finish": (chair.finish,),
    "clinician.seat": (chair.seat,),
    "clinician.void_effect": (chair.void_effect,),
    "clinician.void_vitals": (chair.void_vitals,),
    "desk.edit_patient": (edit_patient,),
    "desk.find_patients": (find_patients,),
    "desk.make_link": (make_link,),
    "desk.new_patient": (new_patient,),
    "imports.discard": (imports.discard,),
    "imports.go_on": (imports.go_on,),
    "imports.save_columns": (imports.save_columns,),
    "imports.undo": (imports.undo,),
    "imports.upload": (imports.upload,),
    "schedule.cancel_visit": (schedule.cancel_visit,),
    "schedule.decide_pencil": (
        schedule.decide_pencil("approve", "give-up"),
        schedule.decide_pencil("renew"),
        schedule.decide_pencil("give-up"),
    ),
    "schedule.drop": (schedule.drop,),
    "schedule.end_course_early": (schedule.end_course,),
    "schedule.finish_visit": (schedule.finish_visit,),
    "schedule.keep_in_block": (schedule.keep_in_block,),
    "schedule.move_aside": (schedule.move_aside,),
    "schedule.move_visit": (schedule.move_visit,),
    "schedule.new_block": (schedule.new_block,),
    "schedule.new_visit": (schedule.new_visit,),
    "schedule.open_block": (schedule.open_block,),
    "schedule.note_pencil": (schedule.note_pencil,),
    "schedule.plan_course": (schedule.plan_course("book"), schedule.plan_course("pencil")),
    "schedule.release_in_block": (schedule.release_in_block,),
    "schedule.step_visit": (
        schedule.step("arrive"),
        schedule.step("check-in"),
        schedule.step("no-show", at=480),
    ),
    "schedule.undo": (schedule.undo,),
}
NOTHING_TO_LOSE = {
    "auth.log_in": "opens a session of its own",
    "auth.log_out": "ends its own session, once or twice",
    "desk.find_patients": "keeps words for the own way back alone",
}
