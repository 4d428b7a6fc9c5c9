"""The table of who may do what, as people read it: hub/registry/README.md holds it, and `hub account matrix` prints it."""

from __future__ import annotations

from hub.access.roles import TABLE, Action, Role

__all__ = ["matrix_text"]


def matrix_text() -> str:
    """Role by action in Markdown: `all` may do it everywhere, `own` for the account's own teams, empty: refused."""
    lines = [f"| action | {' | '.join(role.value for role in Role)} |", "|---" * (len(Role) + 1) + "|"]
    lines += [f"| `{action.value}` | {' | '.join(_reach(action, role) for role in Role)} |" for action in Action]
    return "\n".join(lines) + "\n"


def _reach(action: Action, role: Role) -> str:
    grant = TABLE[action]
    return "all" if role in grant.everywhere else "own" if role in grant.own_teams else ""
