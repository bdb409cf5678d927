"""Wines of three origins, as chemists measured them."""
