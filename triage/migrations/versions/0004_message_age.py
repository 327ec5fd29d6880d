"""Message age"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("since", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE message SET since = due_at")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.alter_column("since", existing_type=sa.DateTime(timezone=True), nullable=False)


def downgrade() -> None:
    """Undo this step."""
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_column("since")
