# SPDX-License-Identifier: Apache-2.0
"""The table in docs/cni-matrix.md, as a run with the default seed fills it."""
import pathlib

from columns import COLUMNS
from rows import ROWS

DOCUMENT = pathlib.Path(__file__).resolve().parents[3] / "docs/cni-matrix.md"
BEGIN, END = "<!-- made by tests/e2e/cni/run --write-docs -->\n", "<!-- until here -->\n"


def cell_text(outcome):
    """`outcome`: None if it was not tried, else the complaints and what each node's sensor saw."""
    if outcome is None:
        return "–"
    complaints, seen = outcome
    return "fails" if complaints else "✓ " + " + ".join(map(str, seen))


def table(outcomes):
    """outcomes: {(row's key, column's key): as cell_text takes it}"""
    lines = ["| | " + " | ".join(row.title for row in ROWS.values()) + " |", "|---|" + "---|" * len(ROWS)]
    for column, title in COLUMNS.items():
        cells = (cell_text(outcomes.get((row, column))) for row in ROWS)
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def parts():
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    middle, after = rest.split(END)
    return before, middle, after


def is_current(outcomes):
    return parts()[1] == table(outcomes)


def write(outcomes):
    before, _, after = parts()
    DOCUMENT.write_text(before + BEGIN + table(outcomes) + END + after, encoding="utf-8")
