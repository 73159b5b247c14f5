"""Decisions of the desk: the course file, reminders, the demo. Pure."""
