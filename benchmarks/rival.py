#!/usr/bin/env python3
"""One training set with another program, as a whole process: read, join, write.

  rival.py ENGINE ENTITIES OUTPUT.csv HISTORY...

ENGINE is duckdb (ASOF join), duckdb-ties (also takes the later created time on a tie, as fstore
must) or polars (join_asof after a sort by time and created time). Files are CSV or Parquet, by
their endings. ttl is two days, or that of TTL_DAYS; 0 is none.
"""
import os
import sys

KEYS = ["driver_id", "event_timestamp", "created_timestamp"]
DAYS = int(os.environ.get("TTL_DAYS", "2"))


def with_duckdb(entities, output, histories, ties):
    import duckdb

    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.execute("set preserve_insertion_order = false")
    joins, columns = [], ["e.*"]
    for number, path in enumerate(histories):
        source = f"'{path}'"
        found = connection.execute(f"describe select * from {source}").fetchall()
        names = [row[0] for row in found if row[0] not in KEYS]
        if ties:
            source = f"""(select * from {source} qualify row_number() over (
                partition by driver_id, event_timestamp order by created_timestamp desc) = 1)"""
        view = f"h{number}"
        joins.append(f"asof left join {source} {view} on e.driver_id = {view}.driver_id"
                     f" and e.event_timestamp >= {view}.event_timestamp")
        valid = f"{view}.event_timestamp >= e.event_timestamp - interval {DAYS} day"
        columns += [f"case when {valid} then {view}.{name} end as {name}" if DAYS
                    else f"{view}.{name} as {name}" for name in names]
    connection.execute(f"""copy (select {', '.join(columns)} from '{entities}' e
        {' '.join(joins)}) to '{output}' (format csv, header)""")


def with_polars(entities, output, histories):
    from datetime import timedelta

    import polars

    def scan(path):
        if path.endswith(".parquet"):
            return polars.scan_parquet(path)
        return polars.scan_csv(path, try_parse_dates=True)

    table = scan(entities).sort("event_timestamp")
    for path in histories:
        right = scan(path).sort("event_timestamp", "created_timestamp").drop("created_timestamp")
        table = table.join_asof(
            right, on="event_timestamp", by="driver_id", strategy="backward",
            tolerance=timedelta(days=DAYS) if DAYS else None, check_sortedness=False,
            coalesce=True)
    table.collect().write_csv(output)


engine, entities, output, *histories = sys.argv[1:]
if engine == "polars":
    with_polars(entities, output, histories)
else:
    with_duckdb(entities, output, histories, ties=engine == "duckdb-ties")
