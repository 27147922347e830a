"""The benchmark suite: workloads, seeded generators and their results page."""
