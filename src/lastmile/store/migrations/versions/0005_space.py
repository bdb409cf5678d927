"""Where the number of a run's process means something, besides the name of its host."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of earlier runs the name of the host is all that is known."""
    op.add_column("runs", sa.Column("space", sa.String(80), nullable=False, server_default=""))
