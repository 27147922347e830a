"""P1 and P2: the first plan of TMS and KAP courses, and all three plans, on seeded instances."""

import json
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.harness import Figure
from benchmarks.instances import Instance, kap_instances, tms_instances
from clinic.planning.courses import plan_course
from clinic.planning.three import plan_three
from clinic.rules.protocols import parse_protocols
from clinic.rules.visit_kinds import parse_visit_kinds

TMS_COUNT = 360
KAP_COUNT = 60
DATA = Path(__file__).resolve().parent.parent / "clinic" / "data"
PROTOCOLS = parse_protocols(json.loads((DATA / "protocols.json").read_text("utf-8")))
KINDS = parse_visit_kinds(json.loads((DATA / "visit_kinds.json").read_text("utf-8")))


def run(tms: int = TMS_COUNT, kap: int = KAP_COUNT) -> list[Figure]:
    """Return the figures of one plan and of three, at tolerance 30, for TMS and KAP courses."""
    return [
        _measured("P1", "plan a TMS course (first plan)", tms_instances(tms), _first),
        _measured("P1-three", "plan a TMS course (three plans)", tms_instances(tms), _three),
        _measured("P2", "plan a KAP course (first plan)", kap_instances(kap), _first),
        _measured("P2-three", "plan a KAP course (three plans)", kap_instances(kap), _three),
    ]


def _first(instance: Instance) -> str:
    """Plan an instance and say what came out."""
    protocol = PROTOCOLS[instance.protocol]
    plan = plan_course(protocol, KINDS, instance.world, instance.wishes)
    return "do not fit whole" if plan.unplaced else "fit whole"


def _three(instance: Instance) -> str:
    """Plan an instance in three ways and say how many plans are worth showing."""
    protocol = PROTOCOLS[instance.protocol]
    offers = plan_three(protocol, KINDS, instance.world, instance.wishes)
    return f"with {len(offers)} of 3"


def _measured(
    key: str, name: str, instances: Iterable[Instance], work: Callable[[Instance], str]
) -> Figure:
    """Return median and worst wall time and median CPU; the 99th percentile of CPU in words."""
    walls: list[float] = []
    cpus: list[float] = []
    words: list[str] = []
    for instance in instances:
        wall, cpu = perf_counter(), process_time()
        words.append(work(instance))
        walls.append((perf_counter() - wall) * 1000)
        cpus.append((process_time() - cpu) * 1000)
    p99 = sorted(cpus)[int(len(cpus) * 0.99) - 1]
    parts = ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words)))
    note = f"p99 {p99:.1f} ms of CPU, worst {max(cpus):.1f}, {len(cpus)} instances: {parts}"
    return Figure(
        key, name, statistics.median(walls), max(walls), statistics.median(cpus), note=note
    )


if __name__ == "__main__":
    for one in run():
        print(one)
