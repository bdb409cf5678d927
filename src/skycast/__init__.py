"""The example: Seattle's weather, and whether it will rain tomorrow."""
