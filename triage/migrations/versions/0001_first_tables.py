"""First tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_client"), ["client"], unique=False)

    op.create_table(
        "response",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("survey", sa.String(), nullable=True),
        sa.Column("touchpoint", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customer_id", sa.String(), nullable=True),
        sa.Column("customer_email", sa.String(), nullable=True),
        sa.Column("customer_phone", sa.String(), nullable=True),
        sa.Column("customer_name", sa.String(), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("historical", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("analyse_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("analysis_attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
        sa.UniqueConstraint("client", "external_id", name=op.f("uq_response_client_external_id")),
    )
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.create_index("ix_response_state_analyse_after", ["state", "analyse_after"], unique=False)

    op.create_table(
        "finding",
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("language_confidence", sa.Float(), nullable=False),
        sa.Column("sentiment", sa.String(), nullable=False),
        sa.Column("sentiment_confidence", sa.Float(), nullable=False),
        sa.Column("intent", sa.String(), nullable=True),
        sa.Column("intent_confidence", sa.Float(), nullable=True),
        sa.Column("request_confidence", sa.Float(), nullable=True),
        sa.Column("request_start", sa.Integer(), nullable=True),
        sa.Column("request_end", sa.Integer(), nullable=True),
        sa.Column("request_text", sa.String(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("urgent_confidence", sa.Float(), nullable=False),
        sa.Column("abstained", sa.JSON(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("taxonomy", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"], ["response.id"], name=op.f("fk_finding_response_id_response")
        ),
        sa.PrimaryKeyConstraint("response_id", name=op.f("pk_finding")),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_intent"), ["intent"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_language"), ["language"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_sentiment"), ["sentiment"], unique=False)

    op.create_table(
        "ticket",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("intent", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("intended_system", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=True),
        sa.Column("remote_url", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["response_id"], ["response.id"], name=op.f("fk_ticket_response_id_response")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("key", name=op.f("uq_ticket_key")),
        sa.UniqueConstraint("response_id", name=op.f("uq_ticket_response_id")),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_country_id", ["country", "id"], unique=False)
        batch_op.create_index("ix_ticket_delivery_id", ["delivery", "id"], unique=False)
        batch_op.create_index("ix_ticket_intent_id", ["intent", "id"], unique=False)
        batch_op.create_index("ix_ticket_language_id", ["language", "id"], unique=False)
        batch_op.create_index("ix_ticket_queue_id", ["queue", "id"], unique=False)
        batch_op.create_index("ix_ticket_status_id", ["status", "id"], unique=False)

    op.create_table(
        "aspect",
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("polarity", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"], ["finding.response_id"], name=op.f("fk_aspect_response_id_finding")
        ),
        sa.PrimaryKeyConstraint("response_id", "category", name=op.f("pk_aspect")),
    )
    with op.batch_alter_table("aspect", schema=None) as batch_op:
        batch_op.create_index("ix_aspect_category_response_id", ["category", "response_id"], unique=False)


def downgrade() -> None:
    """Undo this step."""
    with op.batch_alter_table("aspect", schema=None) as batch_op:
        batch_op.drop_index("ix_aspect_category_response_id")

    op.drop_table("aspect")
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_status_id")
        batch_op.drop_index("ix_ticket_queue_id")
        batch_op.drop_index("ix_ticket_language_id")
        batch_op.drop_index("ix_ticket_intent_id")
        batch_op.drop_index("ix_ticket_delivery_id")
        batch_op.drop_index("ix_ticket_country_id")

    op.drop_table("ticket")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_sentiment"))
        batch_op.drop_index(batch_op.f("ix_finding_language"))
        batch_op.drop_index(batch_op.f("ix_finding_intent"))

    op.drop_table("finding")
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.drop_index("ix_response_state_analyse_after")

    op.drop_table("response")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_key_client"))

    op.drop_table("api_key")
