"""Where Feast 0.67 is wrong, each with a case that shows it.

A defect either distorts a value, which `distort` foretells exactly, or makes Feast unable to load a
source at all, which random projects keep away from. All are of loading and serving: its training
sets with the offline store `duckdb` have no excuse. `check()` runs every case; one that no longer
shows its defect fails, and then the entry must go.
"""

import io
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Callable

from feast_project import START, arrow_type, feast_type

NAT = -(2**63)
LONG_AGO = timedelta(days=1)


def one_view(kind, cells, key_kind="int64", keys=None, created=None, ttl=timedelta(0), entityless=False):
    """Loads rows of one feature into Feast and reads them back, as protobuf values in order."""
    import pyarrow
    import pyarrow.parquet
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
    from feast.repo_config import RepoConfig

    keys = list(range(len(cells))) if keys is None else keys
    moment = pyarrow.timestamp("us", "UTC")
    columns = {"key": pyarrow.array(keys, arrow_type(key_kind)), "x": pyarrow.array(cells, arrow_type(kind)),
               "happened": pyarrow.array([START] * len(cells), moment)}
    if created is not None:
        columns["created"] = pyarrow.array(created, moment)
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        path = Path(folder)
        pyarrow.parquet.write_table(pyarrow.table(columns), path / "x.parquet")
        entity = Entity(name="key", join_keys=["key"], value_type=ValueType[key_kind.upper()])
        view = FeatureView(
            name="view", entities=[] if entityless else [entity], ttl=ttl,
            schema=[Field(name="x", dtype=feast_type(kind))],
            source=FileSource(path=str(path / "x.parquet"), name="source", timestamp_field="happened",
                              created_timestamp_column="created" if created is not None else ""))
        store = FeatureStore(config=RepoConfig(
            project="case", provider="local", registry=str(path / "registry.db"),
            online_store={"type": "sqlite", "path": str(path / "online.db")},
            offline_store={"type": "duckdb"}, entity_key_serialization_version=3))
        store.apply([entity, view])
        loaded = datetime.fromtimestamp(START // 1_000_000, timezone.utc)
        store.materialize(loaded - LONG_AGO, loaded + LONG_AGO)
        answer = store.get_online_features(["view:x"], [{"key": key} for key in keys]).proto
    place = list(answer.metadata.feature_names.val).index("x")
    return list(answer.results[place].values), list(answer.results[place].statuses)


def alias_beside_name():
    """Whether a service cannot be applied that takes a view by its name and under an alias."""
    from feast import FeatureService, FeatureView, Field, FileSource
    from feast.types import Int64

    view = FeatureView(name="view", schema=[Field(name="x", dtype=Int64)],
                       source=FileSource(path="x.parquet", name="source", timestamp_field="happened"))
    services = [FeatureService(name="service", features=[view, view.with_name("alias")]) for _ in range(2)]
    try:
        return services[0] != services[1]
    except TypeError:
        return True


def mapped_key_overwritten():
    """Whether a view that is joined by another column is read by its own key, if that is given too."""
    from feast.protos.feast.types.Value_pb2 import Value
    from feast.utils import _get_table_entity_values

    class Aliased:
        entities = ["key"]

        class projection:
            join_key_map = {"key": "other"}

    given = {"other": [Value(int64_val=1)], "key": [Value(int64_val=2)]}
    return _get_table_entity_values(Aliased, {"key": "key"}, given)["key"][0].int64_val == 2


def fails(words, *arguments, **options):
    try:
        one_view(*arguments, **options)
    except Exception as error:
        return words in str(error)
    return False


def micros_of(seconds):
    return seconds * 1_000_000


def by_datetime(value):
    """What `int(datetime.timestamp())` makes of microseconds: a double, cut off towards zero."""
    return micros_of(int(value / 1_000_000))


def is_nan(value):
    return isinstance(value, float) and value != value


@dataclass
class Defect:
    name: str
    what: str
    # Whether Feast still is so.
    case: Callable[[], bool]
    # Feast's value of a true one, given the type and all values of the column; the value itself when
    # the defect does not concern it.
    distort: Callable = lambda value, kind, column: value


DEFECTS = [
    Defect(
        "int64 beside null", "a column with a null goes through float64: 2**53 + 1 becomes 2**53",
        lambda: one_view("int64", [2**53 + 1, None])[0][0].int64_val == 2**53,
        lambda value, kind, column: (
            int(float(value)) if kind == "int64" and value is not None and None in column else value)),
    Defect(
        "NaN is null", "a NaN is served as null",
        lambda: [value.WhichOneof("val") for value in one_view("float64", [float("nan")])[0]] == [None],
        lambda value, kind, column: None if is_nan(value) else value),
    Defect(
        "null time", "a null unix_timestamp is served as the number of numpy's NaT",
        lambda: one_view("unix_timestamp", [None, START])[0][0].unix_timestamp_val == NAT,
        lambda value, kind, column: (
            micros_of(NAT) if kind == "unix_timestamp" and value is None else value)),
    Defect(
        "times in lists", "they are rounded by a double and cut off towards zero, single ones are not",
        lambda: [list(value.unix_timestamp_list_val.val) for value in
                 one_view("array(unix_timestamp)", [[-1_500_000], [253402300799999999]])[0]]
        == [[-1], [253402300800]],
        lambda value, kind, column: (
            [by_datetime(item) for item in value]
            if kind == "array(unix_timestamp)" and value is not None else value)),
    Defect(
        "no ttl online", "a row older than the ttl is served as PRESENT (fstore: OUTSIDE_MAX_AGE, null)",
        lambda: [list(part) for part in one_view("int32", [1], ttl=timedelta(hours=1))][1] == [1]),
    Defect(
        "null is PRESENT", "the status of a null in a row is PRESENT (fstore: NULL_VALUE)",
        lambda: one_view("string", [None])[1] == [1]),
    Defect(
        "int64 overflow", "2**63 - 1 beside a null cannot be loaded",
        lambda: fails("Value out of range", "int64", [2**63 - 1, None])),
    Defect(
        "null created time", "a row whose created time is null cannot be loaded",
        lambda: fails("NaTType", "int64", [1, 2], created=[START, None])),
    Defect(
        "null key", "a row without key cannot be loaded",
        lambda: fails("Value type not supported", "int64", [1, 2], key_kind="string", keys=["a", None])),
    Defect(
        "empty bytes", "they are null when a load has no other bytes; as a key they cannot be loaded then",
        lambda: one_view("bytes", [b"", None])[0][0].WhichOneof("val") is None
        and fails("Value type not supported", "int64", [1], key_kind="bytes", keys=[b""]),
        lambda value, kind, column: None if value == b"" else value),
    Defect(
        "alias beside name", "a service that takes a view by its name and under an alias cannot be applied",
        alias_beside_name),
    Defect(
        "mapped key", "online, a view that is joined by another column is read by its own key's column, "
        "if a read has both", mapped_key_overwritten),
    Defect(
        "no entity", "a view without entities cannot be loaded from the offline store duckdb",
        lambda: fails("__dummy_id", "int64", [1], entityless=True)),
]


def distorted(value, kind, column):
    """What Feast may serve for a value, by the names of the defects; the true value under `None`."""
    answers = {None: value}
    for defect in DEFECTS:
        other = defect.distort(value, kind, column)
        if other is not value:
            answers[defect.name] = other
    return answers


def check():
    """The names of defects that no longer show."""
    return [defect.name for defect in DEFECTS if not defect.case()]
