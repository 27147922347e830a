"""The forms at the chair as somebody is about to send them, and how each loses its race."""

from tests.integration.web_forms.ground import EFFECT, VITALS, Ground, WriteForm


def add_vitals(ground: Ground) -> WriteForm:
    visit = ground.visit("seat")
    ground.chair(visit, "vitals", **VITALS)
    address = f"/clinician/visits/{visit}"
    corrects = {"corrects": ground.reading_of()}
    return WriteForm(
        page=address,
        address=f"{address}/vitals",
        fields=VITALS | corrects | {"systolic": "133"},
        kept='value="133"',
        race=lambda: ground.chair(visit, "vitals", **(VITALS | corrects)),
        says="already been corrected",
        who="cleo",
    )


def add_side_effect(ground: Ground) -> WriteForm:
    address = f"/clinician/visits/{ground.visit('seat')}"
    return WriteForm(
        page=address,
        address=f"{address}/side-effects",
        fields=EFFECT,
        kept='value="since noon"',
        twin={"grade": "2"},
        who="cleo",
    )


def change_effect(ground: Ground) -> WriteForm:
    visit = ground.visit("seat")
    ground.chair(visit, "side-effects", **EFFECT)
    part = f"side-effects/{ground.effect_of()}/change"
    page = f"/clinician/visits/{visit}/{part}"
    fields = {name: value for name, value in EFFECT.items() if name not in ("term", "tap")}
    return WriteForm(
        page=page,
        address=page,
        fields=fields | {"grade": "2", "free_text": "since one"},
        kept='value="since one"',
        race=lambda: ground.chair(visit, part, **fields),
        who="cleo",
    )


def void_vitals(ground: Ground) -> WriteForm:
    visit = ground.visit("seat")
    ground.chair(visit, "vitals", **VITALS)
    part = f"vitals/{ground.reading_of()}/void"
    page = f"/clinician/visits/{visit}/{part}"
    return WriteForm(
        page=page,
        address=page,
        fields={"reason": "other arm"},
        kept='value="other arm"',
        race=lambda: ground.chair(visit, part, reason="twice"),
        who="cleo",
    )


def void_effect(ground: Ground) -> WriteForm:
    visit = ground.visit("seat")
    ground.chair(visit, "side-effects", **EFFECT)
    part = f"side-effects/{ground.effect_of()}/void"
    page = f"/clinician/visits/{visit}/{part}"
    return WriteForm(
        page=page,
        address=page,
        fields={"reason": "other patient"},
        kept='value="other patient"',
        race=lambda: ground.chair(visit, part, reason="twice"),
        who="cleo",
    )


def seat(ground: Ground) -> WriteForm:
    visit = ground.visit()
    page = f"/clinician/visits/{visit}"
    return WriteForm(
        page=page,
        address=f"{page}/seat",
        kept="Pat Price",
        race=lambda: ground.chair(visit, "seat"),
        who="cleo",
    )


def begin(ground: Ground) -> WriteForm:
    visit = ground.visit("seat")
    page = f"/clinician/visits/{visit}"
    return WriteForm(
        page=page,
        address=f"{page}/begin",
        kept="Pat Price",
        race=lambda: ground.chair(visit, "begin"),
        who="cleo",
    )


def finish(ground: Ground) -> WriteForm:
    visit = ground.visit("seat", "begin")
    page = f"/clinician/visits/{visit}/finish"
    return WriteForm(
        page=page,
        address=page,
        fields={"ending": "partial.time"},
        kept='value="partial.time"',
        race=lambda: ground.chair(visit, "finish", ending="complete"),
        who="cleo",
    )
