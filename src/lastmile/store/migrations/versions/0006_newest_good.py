"""The newest good run of a report is found at once, however many have failed since."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only an index, of the runs whose files are kept."""
    kept = sa.text("folder IS NOT NULL")
    op.create_index(
        "runs_with_files",
        "runs",
        ["report", "state", "key"],
        sqlite_where=kept,
        postgresql_where=kept,
    )
