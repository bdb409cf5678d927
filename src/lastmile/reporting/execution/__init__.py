"""A plan becomes an executed notebook: papermill's conventions, our own supervised engine."""
