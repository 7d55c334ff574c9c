"""Multiplies the people of a lake, to see how the feature store fares with as many as a large shop has.

    python multiply.py LAKE OUT TIMES     # needs deltalake, pyarrow, numpy and blake3
    kenal run features --lake OUT

OUT is a copy of LAKE in which everybody is there TIMES times, under ids that keep their order, with what they bought, did
and asked, and with a consent snapshot of all of them whose root is worked out anew: without it the lake refuses to go on.
"""

import shutil
import struct
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from blake3 import blake3
from deltalake import DeltaTable, WriterProperties, write_deltalake

# Leading bits of an id that say which copy it is of; what falls off at the end is chance.
COPY_BITS = 9
# As builder/lake/src/store.rs writes them.
ROW_GROUP_ROWS = 32_768
FILE_BYTES = 128 << 20
# As builder/consent/src/snapshot.rs hashes.
LEAF, NODE = "kenal 2026-11 consent ruling", "kenal 2026-11 consent node"


def number(person: str, copy: int) -> int:
    return int(person[1:], 16) >> COPY_BITS | copy << (64 - COPY_BITS)


def with_column(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), values.cast(table.schema.field(at).type))


def multiply(lake: str, name: str, times: int) -> pa.Table:
    """One table, written copy by copy; returns it as it was."""
    path = f"{lake}/gold/{name}"
    table = DeltaTable(path).to_pyarrow_table()
    table = table.take(pc.sort_indices(table["ordinal"])).combine_chunks()
    people = pc.dictionary_encode(table["person"].combine_chunks())
    people = people.chunk(0) if isinstance(people, pa.ChunkedArray) else people
    ids, rows = people.dictionary.to_pylist(), table.num_rows

    def copies():
        for copy in range(times):
            own = pa.array([f"p{number(person, copy):016x}" for person in ids], pa.string())
            one = with_column(table, "person", own.take(people.indices))
            one = with_column(one, "ordinal", pa.array(np.arange(rows, dtype=np.int64) + copy * rows))
            yield from one.combine_chunks().to_batches(max_chunksize=ROW_GROUP_ROWS)

    reader = pa.RecordBatchReader.from_batches(table.schema, copies())
    properties = WriterProperties(compression="ZSTD", max_row_group_size=ROW_GROUP_ROWS)
    write_deltalake(path, reader, mode="overwrite", writer_properties=properties, target_file_size=FILE_BYTES)
    print(f"{name}: {rows:,} rows, now {rows * times:,}", flush=True)
    return table


def root(rulings: pa.Table, times: int) -> str:
    columns = [rulings[name].to_pylist() for name in ("person", "market", "eligible_bits", "record_hash")]
    level = []
    for copy in range(times):
        for person, market, bits, record in zip(*columns):
            key = struct.pack("<Q", number(person, copy)) + market.encode() + struct.pack("<I", bits)
            level.append(blake3(key + bytes.fromhex(record), derive_key_context=LEAF).digest())
    while len(level) > 1:
        above = [blake3(level[n] + level[n + 1], derive_key_context=NODE).digest() for n in range(0, len(level) - 1, 2)]
        level = above + level[len(above) * 2 :]
    return level[0].hex()


def main() -> None:
    lake, out, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if not 1 <= times < 1 << COPY_BITS:
        sys.exit(f"TIMES is from 1 to {(1 << COPY_BITS) - 1}")
    shutil.copytree(lake, out)
    rulings = multiply(out, "consent_rulings", times)
    path = f"{out}/gold/consent_snapshot"
    snapshot = DeltaTable(path).to_pyarrow_table()
    people = pc.count_distinct(rulings["person"]).as_py() * times
    snapshot = with_column(snapshot, "root", pa.array([root(rulings, times)]))
    write_deltalake(path, with_column(snapshot, "people", pa.array([people])), mode="overwrite")
    print(f"{people:,} people", flush=True)
    for name in ("presences", "tickets", "purchases", "events"):
        multiply(out, name, times)


main()
