"""Care of a dosing visit: which readings it wants, how long it is watched, who may cut that short.

The numbers belong to the protocol (protocols.json: `vitals`, `observation`, `discharge`, `dosing`);
a protocol without vitals points, such as TMS, has no care of this kind.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.rules.data import JsonValue, Node
from clinic.rules.vitals_points import (
    Given,
    VitalsPoint,
    WatchTime,
    parse_points,
    parse_watch_time,
)


@dataclass(frozen=True, slots=True)
class Care:
    """What a protocol wants of a dosing visit by its route, for example "nasal" or "iv".

    `watch_overrides` are the roles that may release a patient before the watch time is over; none
    means nobody.
    """

    route: str
    points: tuple[VitalsPoint, ...]
    watch: WatchTime
    infusion_min: int | None
    asks_aldrete: bool
    watch_overrides: frozenset[str]

    def given(self, started_at: datetime) -> Given:
        """Return the anchors of a session: its start stands for the dose, its order for the end."""
        ends_at = None
        if self.infusion_min is not None:
            ends_at = started_at + timedelta(minutes=self.infusion_min)
        return Given(doses_at=(started_at,), infusion_ends_at=ends_at)


def parse_care(body: JsonValue | Node, *, path: str = "$") -> Care | None:
    """Return the care of a protocol from its body, None where no readings are wanted."""
    node = body if isinstance(body, Node) else Node(path, body)
    points, watch = node.optional("vitals"), node.optional("observation")
    if points is None or watch is None:
        return None
    dosing, leaving = node.field("dosing"), node.field("discharge")
    infusion = dosing.optional("infusion_min")
    return Care(
        route=dosing.field("route").text(),
        points=parse_points(points),
        watch=parse_watch_time(watch),
        infusion_min=None if infusion is None else infusion.whole(least=1),
        asks_aldrete=leaving.field("aldrete").flag(),
        watch_overrides=leaving.field("observation_override").texts(),
    )


def route_protocol(body: JsonValue | Node, visit_kind: str, *, path: str = "$") -> str | None:
    """Return the key of the protocol that a KAP route takes its care from, None without routes."""
    node = body if isinstance(body, Node) else Node(path, body)
    routes = node.optional("routes")
    if routes is None:
        return None
    for _, option in routes.field("options").entries():
        if option.field("visit_kind").text() == visit_kind:
            return option.field("protocol").text()
    return None
