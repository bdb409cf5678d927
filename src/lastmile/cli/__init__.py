"""The front door: parse, call one job, print, exit code."""
