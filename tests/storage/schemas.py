"""Throw-away migrations and tables, for what the real ones must never show."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent, indent

from sqlalchemy import Column, ForeignKey, MetaData, String, Table

from storage.base import Base, PrimaryKey
from storage.schema import MIGRATIONS_FOLDER, SchemaSource

LIBRARY = """
    op.create_table(
        "shelf",
        sa.Column("id", PrimaryKey(), nullable=False),
        sa.Column("label", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "book",
        sa.Column("id", PrimaryKey(), nullable=False),
        sa.Column("shelf_id", PrimaryKey(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book")),
        sa.ForeignKeyConstraint(["shelf_id"], ["shelf.id"], name=op.f("fk_book_shelf_id_shelf"), ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
"""
NO_LIBRARY = """
    op.drop_table("book")
    op.drop_table("shelf")
"""
# On SQLite this copies the parent into a new table and drops the old one.
LONGER_LABELS = """
    with op.batch_alter_table("shelf") as batch:
        batch.alter_column("label", type_=sa.String(40), existing_type=sa.String(20), existing_nullable=False)
"""
SHORTER_LABELS = (
    LONGER_LABELS.replace("String(40)", "String(x)").replace("(20)", "(40)").replace("(x)", "(20)")
)


def library_tables() -> MetaData:
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    Table(
        "shelf",
        metadata,
        Column("id", PrimaryKey, primary_key=True),
        Column("label", String(20), nullable=False),
    )
    Table(
        "book",
        metadata,
        Column("id", PrimaryKey, primary_key=True),
        Column("shelf_id", ForeignKey("shelf.id", ondelete="CASCADE"), nullable=False),
    )
    return metadata


def make_source(folder: Path, metadata: MetaData | None = None) -> SchemaSource:
    """An empty line of migrations that runs as the real one does."""
    (folder / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        shutil.copy(MIGRATIONS_FOLDER / name, folder / name)
    return SchemaSource(folder, library_tables() if metadata is None else metadata)


def add_migration(source: SchemaSource, revision: str, up: str, down: str = "pass") -> None:
    """Writes a migration that follows the last one."""
    earlier = sorted(path.stem for path in (source.folder / "versions").glob("*.py"))
    body = "\n".join(
        [
            "import sqlalchemy as sa",
            "from alembic import op",
            "from storage.base import PrimaryKey",
            f"revision = {revision!r}",
            f"down_revision = {(earlier[-1] if earlier else None)!r}",
            "def upgrade():",
            indent(dedent(up).strip("\n"), "    "),
            "def downgrade():",
            indent(dedent(down).strip("\n"), "    "),
        ]
    )
    (source.folder / "versions" / f"{revision}.py").write_text(body + "\n")
