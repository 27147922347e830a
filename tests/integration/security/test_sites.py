"""Rights per site: what somebody may do at one site opens nothing at another, on both databases."""

from collections.abc import Iterator

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from clinic.rules.permissions import Permission, Role, permissions_of
from clinic.web.guard import policy_of
from tests.browsers import Browser
from tests.integration.security.conftest import ABSENT, World

AT_A_SITE = ("visits", "courses", "blocks", "pencils")
CLINICIAN = (Role.TMS_OPERATOR, Role.MONITORING_CLINICIAN)
PEOPLE: dict[str, tuple[tuple[Role, ...], tuple[Role, ...]]] = {
    "clinician here, desk there": (CLINICIAN, (Role.FRONT_DESK,)),
    "desk here, clinician there": ((Role.FRONT_DESK,), CLINICIAN),
    "prescriber here, biller there": ((Role.PRESCRIBER,), (Role.BILLER,)),
    "everything here, nothing there": (tuple(Role), ()),
    "prescriber here, representative there": (
        (Role.PRESCRIBER,),
        (Role.AUTHORISED_REPRESENTATIVE,),
    ),
}
FIELDS = {"version": "1", "reason": "x", "tap": "headache", "grade": "1"}


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])]
)
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


def rules_of_a_site(world: World, method: str) -> Iterator[tuple[Rule, Permission]]:
    """The routes with the id of something that stands at a site, with what each needs."""
    for rule in world.rules(method):
        policy = policy_of(world.app, rule.endpoint)
        if any(f"/{one}/<" in rule.rule for one in AT_A_SITE):
            assert policy is not None
            assert policy.permission is not None
            yield rule, policy.permission


def hired(world: World, who: str) -> Browser:
    here, there = PEOPLE[who]
    grants = [(role, world.cast.site_id) for role in here]
    key = who.replace(",", "").replace(" ", "-")
    return world.hire(key, *grants, *((role, world.far_site_id) for role in there))


def told(answer: TestResponse) -> tuple[int, bytes]:
    return answer.status_code, answer.data


def test_a_role_at_one_site_opens_nothing_at_another(world: World) -> None:
    wrong, shut, opened = [], 0, 0
    for who, (_, there) in PEOPLE.items():
        robin = hired(world, who)
        for rule, needed in rules_of_a_site(world, "GET"):
            found = robin.get(world.elsewhere.address(rule), X_Fragment="1")
            if needed in permissions_of(there):
                opened += 1
                is_right = found.status_code in {200, 303}
            else:
                shut += 1
                absent = robin.get(ABSENT.address(rule), X_Fragment="1")
                is_right = told(found) == told(absent) and found.status_code in {403, 404}
            if not is_right:
                wrong.append((who, rule.rule, needed.value, found.status_code))

    assert wrong == []
    assert (shut > 20, opened > 10) == (True, True)


def test_a_form_of_one_site_writes_nothing_at_another(world: World) -> None:
    wrong, tried = [], 0
    people = {who: hired(world, who) for who in PEOPLE}
    before = world.rows()
    for who, robin in people.items():
        token = robin.form("/account")
        for rule, needed in rules_of_a_site(world, "POST"):
            if needed in permissions_of(PEOPLE[who][1]):
                continue
            tried += 1
            data = {**token, **FIELDS, "request_key": rule.endpoint}
            found, absent = (
                robin.post(ids.address(rule), data) for ids in (world.elsewhere, ABSENT)
            )
            if told(found) != told(absent) or found.status_code not in {403, 404, 422}:
                wrong.append((who, rule.rule, found.status_code, absent.status_code))

    assert (wrong, world.rows()) == ([], before)
    assert tried > 40


def test_lists_show_only_the_sites_at_which_one_may_look(world: World) -> None:
    robin = hired(world, "clinician here, desk there")

    chairs, desk = robin.get("/clinician/").text, robin.get("/desk/").text

    assert "Far Street" not in chairs
    assert "Far Street" in desk
    assert robin.get("/desk/?site=far").status_code == 200
    assert robin.get("/schedule/?site=far").status_code == 200
    assert "New visit" in robin.get("/desk/?site=far").text
    assert "New visit" not in robin.get("/desk/?site=main").text


def test_a_patients_page_shows_no_course_of_another_site(world: World) -> None:
    near = world.hire("near", (Role.FRONT_DESK, world.cast.site_id))
    both = world.hire("both", (Role.FRONT_DESK, None))
    address = f"/desk/patients/{world.pat.patients}"

    seen = {name: who.get(address).text for name, who in (("near", near), ("both", both))}

    courses = {
        name: [ids.courses in text for ids in (world.pat, world.elsewhere)]
        for name, text in seen.items()
    }
    assert courses == {"near": [True, False], "both": [True, True]}


def test_a_closed_time_of_another_site_is_on_no_list(world: World) -> None:
    near = world.hire("near", (Role.FRONT_DESK, world.cast.site_id))
    both = world.hire("both", (Role.FRONT_DESK, None))

    listed = [world.elsewhere.blocks in who.get("/schedule/blocks").text for who in (near, both)]

    assert listed == [False, True]


def test_the_set_up_of_another_site_is_on_no_list(world: World) -> None:
    near = world.hire("near", (Role.CLINIC_ADMIN, world.cast.site_id))
    both = world.hire("both", (Role.CLINIC_ADMIN, None))
    pages = ("", "resources", "people", "closed-times")

    near_text = "".join(near.get(f"/admin/{page}").text for page in pages)
    all_text = "".join(both.get(f"/admin/{page}").text for page in pages)

    assert ("Far Street" in near_text, "Far Street" in all_text) == (False, True)
    assert "Main Street" in near_text


def test_the_set_up_of_another_site_cannot_be_opened_or_changed(world: World) -> None:
    near = world.hire("near", (Role.CLINIC_ADMIN, world.cast.site_id))
    before = world.rows()
    pages = {
        "sites/main": 200,
        "sites/main/hours": 200,
        "resources/tms-1": 200,
        "resources/new": 200,
        "sites/far": 404,
        "sites/far/hours": 404,
        "sites/far/holidays": 404,
        "sites/far/holidays/proposals": 404,
        "sites/new": 403,
        "people/cleo": 403,
        "people/new": 403,
        "people/cleo/roles": 403,
    }

    looked = {page: near.get(f"/admin/{page}").status_code for page in pages}
    token = near.form("/admin/sites/main")
    sent = {
        page: near.post(f"/admin/{page}", token | {"name": "X"}).status_code
        for page, code in pages.items()
        if code != 200
    }

    assert looked == pages
    assert sent == {page: code for page, code in pages.items() if code != 200}
    assert world.rows() == before


def test_who_may_only_look_at_the_set_up_gets_no_links_to_change_it(world: World) -> None:
    director = world.hire("director", (Role.MEDICAL_DIRECTOR, None))
    pages = ("", "resources", "people", "closed-times")
    texts = [director.get(f"/admin/{page}").text for page in pages]
    changing = ("/admin/sites/", "/admin/resources/", "/admin/people/")

    assert [link for text in texts for link in changing if f'href="{link}' in text] == []
    assert "/schedule/blocks/new" in texts[3]
    assert director.get("/admin/sites/main/hours").status_code == 403


def test_a_role_at_every_site_opens_a_site_that_is_new(world: World) -> None:
    both = world.hire("both", (Role.MONITORING_CLINICIAN, None))

    assert both.get(f"/clinician/visits/{world.elsewhere.visits}").status_code == 200
