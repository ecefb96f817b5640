"""The feature repositories that the benchmarks use."""
import os
import subprocess

import data

CONFIGURATION = """\
project: benchmark
registry: data/registry.db
offline_store: {{ type: sqlite, path: data/offline.db{offline} }}
online_store: {{ type: rocksdb, path: data/online }}
allowed_paths: [/]
"""


def view(name, path, features, ttl="2d"):
    """A source and a view of it; features are pairs of name and type."""
    if path.endswith(".db"):
        source = f"type: sqlite, path: {path}, table: driver_stats"
    else:
        source = f"type: csv, path: {path}"
    schema = "\n".join(f"      - {{ name: {feature}, dtype: {dtype} }}"
                       for feature, dtype in features)
    return (f"  - {{ name: {name}_source, {source}, timestamp_field: event_timestamp,"
            " created_timestamp_column: created_timestamp }\n",
            f"  - name: {name}\n    entities: [driver]\n    ttl: {ttl}\n"
            f"    source: {name}_source\n    schema:\n{schema}\n")


def driver_view(path, number=0, ttl="2d"):
    """A view of the history that `data.history` and `data.load` make."""
    prefix = "" if number == 0 else f"v{number + 1}_"
    name = "driver_stats" + ("" if number == 0 else f"_v{number + 1}")
    return name, view(name, path, zip([prefix + name for name in data.COLUMNS], data.TYPES), ttl)


def wide_view(path, number, width, ttl="0"):
    """A view of a history that `data.wide` makes."""
    name = f"view_{number}"
    return name, view(name, path, [(f"f{number}_{i}", "int64") for i in range(width)], ttl)


def make(fstore, directory, views, services=None, offline=""):
    """Writes and applies a repository; the service `all_features` has all views.

    `services` are further ones: names, and the views of each.
    """
    os.makedirs(directory, exist_ok=True)
    services = {"all_features": [name for name, _ in views]} | (services or {})
    with open(f"{directory}/feature_store.yaml", "w") as file:
        file.write(CONFIGURATION.format(offline=offline))
    with open(f"{directory}/definitions.yaml", "w") as file:
        file.write("entities:\n  - { name: driver, join_keys: [driver_id], value_type: int64 }\n"
                   "data_sources:\n")
        file.writelines(source for _, (source, _) in views)
        file.write("feature_views:\n")
        file.writelines(text for _, (_, text) in views)
        file.write("feature_services:\n")
        for name, members in services.items():
            file.write(f"  - {{ name: {name}, features: [{', '.join(members)}] }}\n")
    subprocess.run([fstore, "apply", "-c", directory], check=True, stdout=subprocess.DEVNULL)
    return directory
