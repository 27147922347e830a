"""What the clinic believes: pure rules, no I/O; the present moment is an argument."""
