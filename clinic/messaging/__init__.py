"""Senders of messages: each channel is a closed box with one `send`."""
