"""The only place where steps meet the outside world."""
