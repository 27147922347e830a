"""The pages on which an administrator changes the set-up."""
