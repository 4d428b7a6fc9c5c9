"""Each role has teams of its own.

Until now an account had each of its roles in each of its teams. That is what it keeps, no more and no less, until somebody says
otherwise (`hub account roles`); teams of roles that go by none gave nothing, and are gone.
"""

from collections.abc import Callable, Iterable

import sqlalchemy as sa
from alembic import op

revision = "l0004"
down_revision = "l0003"
branch_labels = None
depends_on = None

_TABLES = {"access_account": "account", "access_session": "session_id"}
_BY_TEAM = {"consent-officer", "team-member", "team-head"}  # those of this revision


def upgrade() -> None:
    for table, key in _TABLES.items():
        op.add_column(table, sa.Column("rights", sa.Text, nullable=False, server_default=""))
        _rewrite(table, key, ("roles", "teams"), ("rights",), lambda roles, teams: (_each(roles.split(), teams.split()),))
        op.drop_column(table, "roles")
        op.drop_column(table, "teams")


def downgrade() -> None:
    for table, key in _TABLES.items():
        op.add_column(table, sa.Column("roles", sa.String(255), nullable=False, server_default=""))
        op.add_column(table, sa.Column("teams", sa.Text, nullable=False, server_default=""))
        _rewrite(table, key, ("rights",), ("roles", "teams"), lambda rights: _common(rights.split()))
        op.drop_column(table, "rights")


def _rewrite(
    table: str, key: str, read: tuple[str, ...], written: tuple[str, ...], change: Callable[..., tuple[str, ...]]
) -> None:
    here, connection = sa.table(table, *map(sa.column, (key, *read, *written))), op.get_bind()
    for row in connection.execute(sa.select(*(here.c[name] for name in (key, *read)))).all():
        values = dict(zip(written, change(*row[1:]), strict=True))
        connection.execute(sa.update(here).where(here.c[key] == row[0]).values(values))


def _each(roles: Iterable[str], teams: Iterable[str]) -> str:
    words = [word for role in roles for word in ([f"{role}:{team}" for team in teams] if role in _BY_TEAM else []) or [role]]
    return " ".join(sorted(set(words)))


def _common(words: Iterable[str]) -> tuple[str, str]:
    """The teams that all of its roles by team have: the former tables can say no more without giving more."""
    teams_of: dict[str, set[str]] = {}
    for role, _, team in (word.partition(":") for word in words):
        teams_of.setdefault(role, set()).update({team} - {""})
    bound = [teams for role, teams in teams_of.items() if role in _BY_TEAM]
    return " ".join(sorted(teams_of)), " ".join(sorted(set.intersection(*bound) if bound else ()))
