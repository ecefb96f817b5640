"""Whether two programs gave the same answer."""
import os
import sys

KEY = ["driver_id", "event_timestamp", "label"]


def training_sets(one, other, sort_key=KEY):
    """How many rows of two training sets differ, and how many there are.

    Rows are compared as sets: a rival may give them in any order, and equal entity rows are equal.
    Missing texts and empty ones are the same in a rival's CSV.
    """
    import polars

    def read(path):
        table = polars.read_csv(path, try_parse_dates=True, infer_schema_length=None)
        time = polars.col("event_timestamp")
        if table.schema["event_timestamp"].time_zone:
            time = time.dt.replace_time_zone(None)
        columns = [time.cast(polars.Datetime("us"))]
        for name, kind in table.schema.items():
            if kind == polars.String:
                column = polars.col(name)
                columns.append(polars.when(column == "").then(None).otherwise(column).alias(name))
            elif kind.is_numeric() and name not in sort_key:
                columns.append(polars.col(name).cast(polars.Float64))
        return table.with_columns(columns)

    left = read(one)
    right = read(other).select(left.columns)
    count = left.height
    if right.height != count:
        sys.exit(f"{one} has {count} rows, and {other} has {right.height}")
    # A column without any value has no type of its own.
    right = right.cast(left.schema, strict=False)
    missing = left.unique().join(right.unique(), on=left.columns, how="anti", nulls_equal=True)
    return missing.height, count


def check_training_sets(outputs, reference, tolerance=0.0005):
    """Sentences that say which outputs agree; ends the program when one does not.

    Rows of equal event and created times may go either way in a rival, which knows no source order.
    """
    sentences = []
    for name, path in outputs.items():
        if not os.path.exists(path):
            continue
        different, count = training_sets(reference, path)
        sentences.append(f"{name}: {different} of {count:,} rows differ from fstore's")
        if different > count * tolerance:
            sys.exit("the answers do not agree: " + sentences[-1])
    return sentences


def online_answer(body):
    """An answer of fstore or of Feast as rows of (value, status) by feature."""
    names = body["metadata"]["feature_names"]
    return {name: list(zip(result["values"], result["statuses"]))
            for name, result in zip(names, body["results"])}


def check_online_answers(mine, other, who):
    """Ends the program unless both say the same of every value."""
    left, right = online_answer(mine), online_answer(other)
    if left.keys() != right.keys():
        sys.exit(f"{who} answers {sorted(right)}, and fstore {sorted(left)}")
    count = 0
    for name, cells in left.items():
        for (value, status), (their_value, their_status) in zip(cells, right[name], strict=True):
            count += 1
            # Feast says PRESENT of a null.
            is_same = value == their_value and (status == their_status or value is None)
            if not is_same:
                sys.exit(f"{name}: fstore says {value} {status}, and {who} {their_value}"
                         f" {their_status}")
    return f"{count} values of a request are the same in {who}"
