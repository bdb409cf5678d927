"""What is shown of all schedules is found without what only a run needs."""

import subprocess
import sys


def test_a_status_loads_nothing_that_only_runs_need():
    code = (
        "import sys, lastmile.jobs.schedule.status\n"
        "heavy = ('nbformat', 'nbconvert', 'jupyter_client', 'holidays', 'alembic', 'psycopg')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
