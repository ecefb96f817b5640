#!/usr/bin/env python3
"""Feast beside fstore.

  feast_rival.py apply DIRECTORY REDIS_PORT NAME=PARQUET... [SERVICE:NAME,NAME...]
  feast_rival.py load DIRECTORY

`apply` makes a repository of a view for each file, with all of its columns, whose online store is
Redis; the service `all_features` has all views. `load` materializes everything.
"""
import os
import sys
from datetime import datetime, timedelta, timezone

CONFIGURATION = """\
project: benchmark
provider: local
registry: data/registry.db
online_store: {{ type: redis, connection_string: "127.0.0.1:{port}" }}
offline_store: {{ type: file }}
entity_key_serialization_version: 3
"""


def apply(directory, port, arguments):
    import pyarrow.parquet
    from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource
    from feast import ValueType
    from feast.types import Float64, Int64, String

    os.makedirs(f"{directory}/data", exist_ok=True)
    with open(f"{directory}/feature_store.yaml", "w") as file:
        file.write(CONFIGURATION.format(port=port))
    types = {"int64": Int64, "double": Float64, "string": String}
    driver = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64)
    views, services = {}, {}
    for argument in arguments:
        if ":" in argument:
            service, members = argument.split(":")
            services[service] = members.split(",")
            continue
        name, path = argument.split("=")
        source = FileSource(name=f"{name}_source", path=path, timestamp_field="event_timestamp",
                            created_timestamp_column="created_timestamp")
        fields = [Field(name=field.name, dtype=types[str(field.type)])
                  for field in pyarrow.parquet.read_schema(path)
                  if str(field.type) in types]
        views[name] = FeatureView(name=name, entities=[driver], ttl=timedelta(days=36_500),
                                  source=source, schema=fields, online=True)
    services.setdefault("all_features", list(views))
    FeatureStore(repo_path=directory).apply([driver, *views.values(), *(
        FeatureService(name=name, features=[views[member] for member in members])
        for name, members in services.items())])


def load(directory):
    from feast import FeatureStore

    FeatureStore(repo_path=directory).materialize(
        datetime(2025, 12, 1, tzinfo=timezone.utc), datetime(2026, 2, 15, tzinfo=timezone.utc))


if sys.argv[1] == "apply":
    apply(sys.argv[2], sys.argv[3], sys.argv[4:])
else:
    load(sys.argv[2])
