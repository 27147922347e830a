"""The commands of the clinic: one module each, with a click command named `command`."""
