"""A second reading of Core ML files, which shares no code with the first."""
