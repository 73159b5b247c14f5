"""Pages that span apps: homes, the public course page, the schedule, the demo, errors."""
