"""Every route with real ids, as everybody: the shut out stay out, and looking changes nothing."""

from collections.abc import Callable
from dataclasses import replace

from werkzeug.test import TestResponse

from tests.browsers import Browser
from tests.integration.security.conftest import ABSENT, PEOPLE, Ids, World

Browsers = Callable[[str], Browser]
PUBLIC = ("/static/", "/healthz", "/link/", "/log-in")
DOORS = {
    "/desk/": {"dana", "cleo"},
    "/schedule/": {"dana", "cleo"},
    "/clinician/": {"cleo"},
    "/admin/": {"adan"},
    "/imports/": {"dana", "adan"},
    "/my/": {"pat", "quinn"},
    "/account": set(PEOPLE) - {""},
    "/log-out": set(PEOPLE) - {""},
}
FOR_THE_DESK_ALONE = (
    "desk.new_patient",
    "desk.edit_patient",
    "desk.make_link",
    "schedule.new_visit",
    "schedule.move_visit",
    "schedule.cancel_visit",
    "schedule.end_course_early",
    "schedule.plan_course",
    "schedule.free_week",
    "schedule.blocks",
    "schedule.new_block",
    "schedule.show_block",
    "schedule.keep_in_block",
    "schedule.release_in_block",
    "schedule.move_aside",
    "schedule.open_block",
)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
AT_A_SITE = ("visits", "courses", "blocks", "pencils")
ASKED: tuple[dict[str, str], ...] = ({}, {"X_Fragment": "1"}, {"X_Poll": "1"})
SECRETS = ("Price", "Quist", "1001", "1002")


def may(name: str, address: str, endpoint: str) -> bool:
    """Who gets in, told apart from the guard's own table."""
    if address == "/" or address.startswith(PUBLIC):
        return True
    people = next(who for start, who in DOORS.items() if address.startswith(start))
    return name in people and not (name == "cleo" and endpoint in FOR_THE_DESK_ALONE)


def is_shut(answer: TestResponse, name: str) -> bool:
    """Say whether an answer keeps somebody out without a word about a patient."""
    if any(secret in answer.text for secret in SECRETS):
        return False
    if name == "":
        is_led = answer.status_code == 303 and answer.location.startswith("/log-in")
        return is_led or answer.status_code == 401
    return answer.status_code == 403


def test_every_page_with_real_ids_opens_for_its_people_alone_and_changes_nothing(
    world: World, browser: Browsers
) -> None:
    wrong, before = [], world.rows()
    for name in PEOPLE:
        who = browser(name)
        for rule in world.rules("GET"):
            address = world.pat.address(rule)
            for asked in ASKED:
                answer = who.get(address, **asked)
                if may(name, address, rule.endpoint):
                    is_right = answer.status_code in {200, 303} or address == "/healthz"
                else:
                    is_right = is_shut(answer, name)
                if not is_right:
                    wrong.append((name, address, asked, answer.status_code))

    assert wrong == []
    assert world.rows() == before


def test_every_form_with_real_ids_is_refused_to_who_may_not_send_it(
    world: World, browser: Browsers
) -> None:
    wrong, before, tried = [], world.rows(), 0
    for name in PEOPLE:
        who = browser(name)
        token = who.form("/account" if name else "/log-in")
        for rule in world.rules("POST"):
            address = world.pat.address(rule)
            if may(name, address, rule.endpoint):
                continue
            tried += 1
            answer = who.post(address, {**token, "version": "1", "reason": "x", "tap": "nausea"})
            if not is_shut(answer, name):
                wrong.append((name, address, answer.status_code))

    assert (wrong, world.rows()) == ([], before)
    assert tried > 60


def test_a_form_without_its_token_answers_400_and_changes_nothing(
    world: World, browser: Browsers
) -> None:
    wrong, before = [], world.rows()
    for name in PEOPLE:
        who = browser(name)
        for rule in world.rules("POST"):
            address = world.pat.address(rule)
            answer = who.post(address, {"version": "1", "reason": "x", "request_key": "k"})
            if answer.status_code != 400:
                wrong.append((name, address, answer.status_code))

    assert (wrong, world.rows()) == ([], before)


def test_what_is_another_sites_and_what_is_absent_give_the_same_bytes(
    world: World, browser: Browsers
) -> None:
    differing, compared = [], 0
    for name in PEOPLE[1:]:
        who = browser(name)
        for rule in world.rules("GET"):
            if not any(f"/{one}/<" in rule.rule for one in AT_A_SITE):
                continue
            compared += 1
            foreign, absent = (
                who.get(ids.address(rule), X_Fragment="1") for ids in (world.elsewhere, ABSENT)
            )
            is_same = (foreign.status_code, foreign.data) == (absent.status_code, absent.data)
            if not is_same or foreign.status_code not in {403, 404}:
                differing.append((name, rule.rule, foreign.status_code, absent.status_code))

    assert (differing, compared > 30) == ([], True)


def test_a_form_for_another_sites_visit_changes_nothing(world: World, browser: Browsers) -> None:
    before, wrong = world.rows(), []
    for name in ("dana", "cleo"):
        who = browser(name)
        token = who.form("/account")
        for rule in world.rules("POST"):
            if not any(f"/{one}/<" in rule.rule for one in AT_A_SITE):
                continue
            address = world.elsewhere.address(rule)
            data = {"version": "1", "reason": "x", "tap": "headache", "grade": "1"}
            answer = who.post(address, {**token, **data, "request_key": rule.endpoint})
            if answer.status_code not in {403, 404, 422}:
                wrong.append((name, address, answer.status_code))

    assert (wrong, world.rows()) == ([], before)


def test_a_patients_page_shows_whoever_asks_and_nobody_named_in_the_address(
    world: World, browser: Browsers
) -> None:
    quinn = browser("quinn")
    own = quinn.get("/my/").text
    named = "&".join(
        f"{field}={value}"
        for field in ("patient", "patient_id", "public_id", "id")
        for value in (world.pat.patients, str(world.cast.pat.patient_id))
    )

    answer = quinn.get(f"/my/?{named}")

    assert answer.status_code == 200
    assert without_tokens(answer.text) == without_tokens(own)
    assert world.pat.visits not in own


def without_tokens(html: str) -> list[str]:
    return [line for line in html.splitlines() if "csrf_token" not in line]


def test_ids_beneath_another_patients_visit_are_not_found(world: World, browser: Browsers) -> None:
    cleo, before = browser("cleo"), world.rows()
    token = cleo.form("/account")
    mixed: Ids = replace(world.pat, reading=world.quinn.reading, effect=world.quinn.effect)
    rules = [rule for rule in world.rules("POST") if rule.rule.endswith("/void")]

    statuses = [
        cleo.post(
            mixed.address(rule), {**token, "reason": "mistake", "request_key": rule.endpoint}
        ).status_code
        for rule in rules
    ]

    assert statuses == [404, 404]
    assert world.rows() == before


def test_every_answer_carries_the_security_headers(world: World, browser: Browsers) -> None:
    answers: list[tuple[str, TestResponse]] = []
    for name in ("", "pat", "cleo"):
        who = browser(name)
        for rule in world.app.url_map.iter_rules():
            address = world.pat.address(rule)
            answers += [
                (address, who.get(address)),
                (address, who.post(address, {})),
                (address, who.client.delete(address, base_url=who.base)),
            ]
    answers += [(one, who.get(one)) for one in ("/static/no", "/no", "/static/../config.py")]
    answers.append(("another host", who.get("/", Host="evil.test")))

    bare = [
        (address, answer.status_code)
        for address, answer in answers
        if {key: answer.headers.get(key) for key in HEADERS} != HEADERS
    ]

    assert bare == []
