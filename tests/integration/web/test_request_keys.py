"""Request keys: a form sent twice is carried out once."""

import pytest
from sqlalchemy import Engine, func, select

from clinic.actions.request_keys import KEEP, once, prune_request_keys
from clinic.errors import Conflict, RuleBroken
from clinic.models import RequestKey
from clinic.models.engine import reading, writing
from tests.cast import Cast
from tests.conftest import NOW


def send(
    engine: Engine, cast: Cast, done: list[str], *, body: str = "a", route: str = "desk.add"
) -> str:
    def act() -> str:
        done.append(body)
        return f"/result/{len(done)}"

    with writing(engine) as session:
        return once(
            session,
            account_id=cast.dana.account_id,
            key="k1",
            route=route,
            body=body,
            machine_at=NOW,
            act=act,
        )


def test_same_key_and_body_find_the_first_answer(web_engine: Engine, cast: Cast) -> None:
    done: list[str] = []

    answers = [send(web_engine, cast, done) for _ in range(3)]

    assert (answers, done) == (["/result/1"] * 3, ["a"])


@pytest.mark.parametrize(("body", "route"), [("b", "desk.add"), ("a", "desk.other")])
def test_same_key_with_another_body_or_route_is_a_conflict(
    web_engine: Engine, cast: Cast, body: str, route: str
) -> None:
    done: list[str] = []
    send(web_engine, cast, done)

    with pytest.raises(Conflict, match="request_key_reused"):
        send(web_engine, cast, done, body=body, route=route)
    assert done == ["a"]


def test_key_of_an_act_that_failed_can_be_used_again(web_engine: Engine, cast: Cast) -> None:
    def fail() -> str:
        raise RuleBroken("password_length")

    with pytest.raises(RuleBroken), writing(web_engine) as session:
        once(
            session,
            account_id=cast.dana.account_id,
            key="k1",
            route="desk.add",
            body="a",
            machine_at=NOW,
            act=fail,
        )

    assert send(web_engine, cast, []) == "/result/1"


def test_keys_are_kept_for_two_days(web_engine: Engine, cast: Cast) -> None:
    send(web_engine, cast, [])

    with writing(web_engine) as session:
        kept = prune_request_keys(session, machine_at=NOW + KEEP)
    with writing(web_engine) as session:
        gone = prune_request_keys(session, machine_at=NOW + KEEP * 2)

    with reading(web_engine) as session:
        left = session.execute(select(func.count()).select_from(RequestKey)).scalar_one()
    assert (kept, gone, left) == (0, 1, 0)
