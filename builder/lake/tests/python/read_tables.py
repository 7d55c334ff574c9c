"""Reads every table of a lake with the `deltalake` package and checks versions, counts and types.

usage: read_tables.py LAKE EXPECTED, where EXPECTED is JSON: {"silver_orders": [version, rows], …}
"""

import json
import sys
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

UTC = pa.timestamp("us", tz="UTC")

# One column of each type, by table.
TYPES = {
    ("silver_customers", "created_at"): UTC,
    ("silver_customers", "birth_date"): pa.date32(),
    ("silver_customers", "deleted"): pa.bool_(),
    ("silver_orders", "ordered_at"): UTC,
    ("silver_orders", "total"): pa.int64(),
    ("silver_orders", "status"): pa.string(),
    ("silver_events", "happened_at"): UTC,
    ("silver_consents", "decided_at"): UTC,
    ("bronze_files", "ingested_at"): UTC,
    ("bronze_dead_letters", "raw"): pa.binary(),
    ("gold_profile", "as_of"): UTC,
    ("gold_profile", "born_on"): pa.date32(),
}


def main(lake: Path, expected: dict) -> None:
    tables = {}
    for log in sorted(lake.glob("*/*/_delta_log")):
        name = f"{log.parent.parent.name}_{log.parent.name}"
        delta = DeltaTable(str(log.parent))
        table = delta.to_pyarrow_table()
        assert [delta.version(), table.num_rows] == expected[name], (name, delta.version(), table.num_rows)
        tables[name] = table
        print(f"{name} version {delta.version()}, {table.num_rows} rows, {table.num_columns} columns")
    assert tables.keys() == expected.keys(), tables.keys() ^ expected.keys()

    for (name, column), data_type in TYPES.items():
        found = tables[name].schema.field(column).type
        assert found == data_type, (name, column, found)

    customers = {row["key"]: row for row in tables["silver_customers"].to_pylist()}
    full, bare = customers["shopify:2"], customers["shopify:1"]
    assert [e["value"] for e in full["emails"]] == ["mei@mail.example", "tan@mail.example"]
    assert full["birth_date"].isoformat() == "1907-06-30"
    assert full["created_at"].isoformat() == "1969-12-31T23:59:59.999999+00:00"
    assert full["loyalty"]["enrolled_on"].isoformat() == "2024-02-29"
    assert bare["emails"] == [] and bare["birth_date"] is None and bare["loyalty"] is None, bare
    assert tables["bronze_dead_letters"].to_pylist()[0]["raw"] == b'{"email": \xff\xfe broken'
    print(f"{len(tables)} tables")


main(Path(sys.argv[1]), json.loads(sys.argv[2]))
