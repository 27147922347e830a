"""P1: the first plan of TMS courses, on seeded instances."""

import json
import statistics
from pathlib import Path
from time import perf_counter

from benchmarks.harness import Figure
from benchmarks.instances import tms_instances
from clinic.planning.courses import plan_course
from clinic.rules.protocols import parse_protocols
from clinic.rules.visit_kinds import parse_visit_kinds

COUNT = 360
DATA = Path(__file__).resolve().parent.parent / "clinic" / "data"


def run(count: int = COUNT) -> list[Figure]:
    """Return median and 99th percentile of planning one course at tolerance 30."""
    protocols = parse_protocols(json.loads((DATA / "protocols.json").read_text("utf-8")))
    kinds = parse_visit_kinds(json.loads((DATA / "visit_kinds.json").read_text("utf-8")))
    times: list[float] = []
    unplaced = 0
    for instance in tms_instances(count):
        begun = perf_counter()
        plan = plan_course(protocols[instance.protocol], kinds, instance.world, instance.wishes)
        times.append((perf_counter() - begun) * 1000)
        unplaced += bool(plan.unplaced)
    times.sort()
    p99 = times[int(len(times) * 0.99) - 1]
    note = f"p99 {p99:.1f} ms over {count} instances, {unplaced} do not fit whole"
    median = statistics.median(times)
    return [Figure("P1", "plan a TMS course (first plan)", median, times[-1], median, note=note)]


if __name__ == "__main__":
    for one in run():
        print(one)
