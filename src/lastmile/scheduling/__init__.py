"""When a report is due."""
