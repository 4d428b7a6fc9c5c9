"""Tables with one thing wrong: a judge that agrees with them too judges nothing."""

from __future__ import annotations

from tests.unit.core.consent_table import Tables


def mutants() -> dict[str, Tables]:
    """Every table with one thing wrong: a row left out, a cell that asks nothing, or an age moved by a year."""
    made: dict[str, Tables] = {}
    for name in ("ends", "open", "stands", "covers", "question"):
        for place in range(len(getattr(Tables(), name))):
            wrong = Tables()
            _cells, outcome = getattr(wrong, name).pop(place)
            made[f"{name} without row {place + 1} ({outcome})"] = wrong
    for column, title in ((6, "blocked then"), (7, "halted then")):
        wrong = Tables()
        cells, outcome = wrong.covers[4]
        wrong.covers[4] = (*cells[:column], "-", *cells[column + 1 :]), outcome
        made[f"covers what was {title}"] = wrong
    for place, row in enumerate(Tables().municipalities):
        for column, title in ((2, "youth signs from"), (4, "sspf until"), (5, "sig until")):
            wrong = Tables()
            first, dash, last = wrong.municipalities[place][column].rpartition("-")
            wrong.municipalities[place][column] = f"{first}{dash}{int(last) + 1}"
            # Without a limit, or between two changes of mind, a year more would hardly ever show.
            if last != "199" and (column == 2 or row[0] != "invented" or row[1] == "1900-01-01"):
                made[f"{row[0]} {row[1]}: {title} {last} -> {int(last) + 1}"] = wrong
        if row[0] == "invented":
            wrong = Tables()
            wrong.municipalities[place][3] = "continue" if row[3] == "suspend" else "suspend"
            made[f"{row[0]} {row[1]}: {row[3]} -> {wrong.municipalities[place][3]}"] = wrong
    made["adult at 19"] = Tables(adult=19)
    return made
