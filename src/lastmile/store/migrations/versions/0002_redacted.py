"""How often a secret was struck out of a run."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Earlier runs knew no secrets."""
    op.add_column("runs", sa.Column("redacted", sa.Integer, nullable=False, server_default="0"))
