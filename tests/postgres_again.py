"""A database of PostgreSQL made as its template is, for the next test: much cheaper than another copy of the template.

What a test did to rows and counters is undone, with files of their own for the tables it wrote to, so that nothing of it lies in
their pages. What it did to anything else makes the database unfit.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

__all__ = ["Shape", "empty_again", "shape_of"]

# Everything but rows, one line each, so that any change of it shows.
_SHAPE = """
SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
  SELECT concat_ws(' ', 'schema', nspname, nspacl::text) AS line FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'
  UNION ALL SELECT concat_ws(' ', 'relation', oid::regclass, relkind, relowner, relacl::text, reloptions::text, relrowsecurity)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT concat_ws(' ', 'column', attrelid::regclass, attnum, attname, atttypid, atttypmod, attnotnull, attacl::text)
    FROM pg_attribute WHERE attnum > 0 AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
  UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT concat_ws(' ', 'trigger', tgenabled, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT concat_ws(' ', 'function', proname, prosrc, proacl::text) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT concat_ws(' ', 'extension', extname) FROM pg_extension
  UNION ALL SELECT concat_ws(' ', 'setting', setrole, setconfig::text) FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
) AS lines
"""
_WRITTEN_TO = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0 ORDER BY relname
"""
_COUNTED = "SELECT seqrelid FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"
_COUNT_ANEW = f"SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence WHERE seqrelid IN ({_COUNTED})"
_ROWS = "SELECT coalesce(json_agg(t ORDER BY t::text), '[]')::text FROM {table} AS t"


@dataclass(frozen=True, slots=True)
class Shape:
    """A template: a digest of all but its rows, and its rows as JSON by table."""

    digest: str
    rows: dict[str, str]


def shape_of(template: psycopg.Connection[tuple[object, ...]]) -> Shape | None:
    """None for one that has counted already: whoever uses a copy again could not put its counters back."""
    if template.execute(_COUNTED).fetchall():
        return None
    return Shape(_digest(template), {table: _rows(template, table) for table in _written_to(template)})


def empty_again(database: psycopg.Connection[tuple[object, ...]], shape: Shape) -> bool:
    """Whether the database is as its template again; False for one whose tables, rules or settings were changed."""
    if _digest(database) != shape.digest:
        return False
    with database.transaction():
        database.execute("SET LOCAL session_replication_role = replica")  # what may never be deleted may be here
        database.execute("SET LOCAL lock_timeout = '2s'")
        changed = [table for table in _written_to(database) if shape.rows.get(table) != _rows(database, table)]
        if changed:
            database.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, changed))))
        database.execute(_COUNT_ANEW)
        for table, rows in shape.rows.items():
            if _rows(database, table) != rows:
                statement = sql.SQL("INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, %s::json)")
                database.execute(statement.format(table=sql.Identifier(table)), [rows])
    return True


def _digest(database: psycopg.Connection[tuple[object, ...]]) -> str:
    return str(database.execute(_SHAPE).fetchall()[0][0])


def _written_to(database: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    return [str(table) for (table,) in database.execute(_WRITTEN_TO).fetchall()]


def _rows(database: psycopg.Connection[tuple[object, ...]], table: str) -> str:
    return str(database.execute(sql.SQL(_ROWS).format(table=sql.Identifier(table))).fetchall()[0][0])
