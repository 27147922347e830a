"""The course planner: pure, its own data classes, standard library only."""
