"""quests as data

Revision: 0007_quests_as_data
Follows: 0006_privacy
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.base import JsonDict, PrimaryKey, Snowflake, UtcDateTime

revision = "0007_quests_as_data"
down_revision = "0006_privacy"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "onboarding_lost_targets",
        sa.Column("guild_id", Snowflake(), autoincrement=False, nullable=False),
        sa.Column("target_id", Snowflake(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "target_id", name=op.f("pk_onboarding_lost_targets")),
    )
    op.create_table(
        "onboarding_quest_versions",
        sa.Column("id", PrimaryKey(), nullable=False),
        sa.Column("guild_id", Snowflake(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", JsonDict(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", Snowflake(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("published_by", Snowflake(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onboarding_quest_versions")),
        sa.UniqueConstraint(
            "guild_id", "key", "version", name=op.f("uq_onboarding_quest_versions_guild_id_key_version")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("onboarding_newcomers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("screened_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("greeted_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("roles", JsonDict(), nullable=True))

    with op.batch_alter_table("onboarding_quest_steps", schema=None) as batch_op:
        batch_op.add_column(sa.Column("guild_id", Snowflake(), nullable=True))
        batch_op.add_column(sa.Column("answer", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("marked_by", Snowflake(), nullable=True))
    op.execute(
        "UPDATE onboarding_quest_steps SET guild_id = "
        "(SELECT q.guild_id FROM onboarding_quests q WHERE q.id = onboarding_quest_steps.quest_id)"
    )
    with op.batch_alter_table("onboarding_quest_steps", schema=None) as batch_op:
        batch_op.alter_column("guild_id", existing_type=Snowflake(), nullable=False)

    # Who was here before had been greeted, and had the one quest that there was.
    op.execute(
        "UPDATE onboarding_newcomers SET greeted_at = joined_at, screened_at = joined_at WHERE NOT pending"
    )
    _goals_to_profiles()
    with op.batch_alter_table("onboarding_quests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("key", sa.String(length=32), nullable=False, server_default="first"))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("path", JsonDict(), nullable=True))
        batch_op.add_column(sa.Column("begun_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("progress_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("nudged_run", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("helper_id", Snowflake(), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_onboarding_quests_guild_id_member_id"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_onboarding_quests_guild_id_member_id_key"), ["guild_id", "member_id", "key"]
        )
        batch_op.drop_column("goal")

    with op.batch_alter_table("onboarding_settings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("nudge_after_hours", sa.Integer(), server_default="48", nullable=False))
        batch_op.add_column(sa.Column("kept_1_role_id", Snowflake(), nullable=True))
        batch_op.add_column(sa.Column("kept_2_role_id", Snowflake(), nullable=True))
        batch_op.add_column(sa.Column("kept_3_role_id", Snowflake(), nullable=True))
        batch_op.add_column(sa.Column("kept_4_role_id", Snowflake(), nullable=True))
        batch_op.add_column(sa.Column("kept_5_role_id", Snowflake(), nullable=True))


def _goals_to_profiles() -> None:
    """What somebody wants to learn belongs to them, not to a quest. What a profile says already stands."""
    op.execute(
        "INSERT INTO profiles (guild_id, member_id, goal, languages) "
        "SELECT guild_id, member_id, goal, '' FROM onboarding_quests WHERE goal IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM profiles WHERE profiles.guild_id = onboarding_quests.guild_id "
        "AND profiles.member_id = onboarding_quests.member_id)"
    )
    op.execute(
        "UPDATE profiles SET goal = (SELECT q.goal FROM onboarding_quests q "
        "WHERE q.guild_id = profiles.guild_id AND q.member_id = profiles.member_id) WHERE goal IS NULL"
    )


def downgrade() -> None:
    with op.batch_alter_table("onboarding_settings", schema=None) as batch_op:
        batch_op.drop_column("kept_5_role_id")
        batch_op.drop_column("kept_4_role_id")
        batch_op.drop_column("kept_3_role_id")
        batch_op.drop_column("kept_2_role_id")
        batch_op.drop_column("kept_1_role_id")
        batch_op.drop_column("nudge_after_hours")

    # The older code knows the first quest alone. Foreign keys are off on SQLite, so steps go by hand.
    op.execute(
        "DELETE FROM onboarding_quest_steps WHERE quest_id IN "
        "(SELECT id FROM onboarding_quests WHERE key <> 'first')"
    )
    op.execute("DELETE FROM onboarding_quests WHERE key <> 'first'")
    op.execute("DELETE FROM onboarding_quest_steps WHERE step NOT IN ('goal', 'hello', 'answer')")
    with op.batch_alter_table("onboarding_quests", schema=None) as batch_op:
        batch_op.add_column(sa.Column("goal", sa.TEXT(), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_onboarding_quests_guild_id_member_id_key"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_onboarding_quests_guild_id_member_id"), ["guild_id", "member_id"]
        )
        batch_op.drop_column("helper_id")
        batch_op.drop_column("nudged_run")
        batch_op.drop_column("progress_at")
        batch_op.drop_column("begun_at")
        batch_op.drop_column("path")
        batch_op.drop_column("version")
        batch_op.drop_column("key")
    op.execute(
        "UPDATE onboarding_quests SET goal = (SELECT profiles.goal FROM profiles "
        "WHERE profiles.guild_id = onboarding_quests.guild_id AND profiles.member_id = onboarding_quests.member_id)"
    )

    with op.batch_alter_table("onboarding_quest_steps", schema=None) as batch_op:
        batch_op.drop_column("marked_by")
        batch_op.drop_column("answer")
        batch_op.drop_column("guild_id")

    with op.batch_alter_table("onboarding_newcomers", schema=None) as batch_op:
        batch_op.drop_column("roles")
        batch_op.drop_column("greeted_at")
        batch_op.drop_column("screened_at")

    op.drop_table("onboarding_quest_versions")
    op.drop_table("onboarding_lost_targets")
