"""Multiplies the orders of a lake, to see how the profile stage fares with as many as a large shop has.

    python multiply.py LAKE OUT TIMES     # needs deltalake and pyarrow
    kenal run profile --lake OUT

OUT is a copy of LAKE in which every order, with its lines, is there TIMES times under other numbers, of the same customer.
"""

import shutil
import sys

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, WriterProperties, write_deltalake

# As builder/lake/src/store.rs writes them.
ROW_GROUP_ROWS = 32_768
FILE_BYTES = 128 << 20
# What is another in each copy; an order's number starts with a copy's letters, so that the copies' numbers lie apart.
TABLES = {"orders": ["order_id", "number"], "order_lines": ["order_id"]}


def multiply(lake: str, name: str, texts: list[str], times: int) -> None:
    path = f"{lake}/silver/{name}"
    table = DeltaTable(path).to_pyarrow_table().combine_chunks()

    def copies():
        for copy in range(times):
            one = table
            for column in texts if copy else []:
                at = one.schema.get_field_index(column)
                other = pc.binary_join_element_wise(f"{copy:x}x", one[column].cast(pa.string()), "")
                one = one.set_column(at, one.schema.field(at), other.cast(one.schema.field(at).type))
            yield from one.combine_chunks().to_batches(max_chunksize=ROW_GROUP_ROWS)

    reader = pa.RecordBatchReader.from_batches(table.schema, copies())
    properties = WriterProperties(compression="ZSTD", max_row_group_size=ROW_GROUP_ROWS)
    write_deltalake(path, reader, mode="overwrite", writer_properties=properties, target_file_size=FILE_BYTES)
    print(f"{name}: {table.num_rows:,} rows, now {table.num_rows * times:,}", flush=True)


def main() -> None:
    lake, out, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
    shutil.copytree(lake, out)
    for name, texts in TABLES.items():
        multiply(out, name, texts, times)


if __name__ == "__main__":
    main()
