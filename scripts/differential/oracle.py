"""The rules of the contract, written down as naively as they can be."""

import values


def beats(row, order, best, best_order):
    """Whether a row wins over another: event time, created time (null loses), source order."""
    def rank(row, order):
        created = row.created if row.created is not None else float("-inf")
        return (row.time if row.time is not None else 0, created, order)
    return best is None or rank(row, order) > rank(best, best_order)


def usable(view, row):
    """Whether a row of a source takes part at all."""
    return not row.is_bad and None not in row.keys and (view.is_static or row.time is not None)


def joined(view, key, moment, filter_by_created):
    """The row that an entity row sees, or None."""
    if key is None or moment is None:
        return None
    filters = (filter_by_created or view.filters_by_created) and view.has_created
    best, best_order = None, -1
    for order, row in enumerate(view.rows):
        if not usable(view, row) or tuple(row.keys) != key:
            continue
        if not view.is_static and row.time > moment:
            continue
        if not view.is_static and view.ttl and row.time < moment - view.ttl:
            continue
        if filters and (row.created is None or row.created > moment):
            continue
        if beats(row, order, best, best_order):
            best, best_order = row, order
    return best


class OnlineView:
    """What the online store should hold of a view: the loaded rows by key."""

    def __init__(self, view):
        self.view = view
        self.loaded = {}

    def load(self, start, end, now):
        """Loads the rows whose event time lies in [start, end]; None is no bound."""
        view = self.view
        last = now if end is None else min(end, now)
        for order, row in enumerate(view.rows):
            if not usable(view, row):
                continue
            if not view.is_static and (row.time > last or start is not None and row.time < start):
                continue
            if view.filters_by_created and (row.created is None or row.created > now):
                continue
            best = self.loaded.get(tuple(row.keys))
            if best is None or beats(row, order, *best):
                self.loaded[tuple(row.keys)] = (row, order)

    def read(self, key, now):
        """(row or None, status of the row)."""
        found = self.loaded.get(key) if key is not None else None
        if found is None:
            return None, "NOT_FOUND"
        row = found[0]
        if not self.view.is_static and self.view.ttl and row.time < now - self.view.ttl:
            return row, "OUTSIDE_MAX_AGE"
        return row, "PRESENT"


def bad_count(view, now):
    """Rows that a load of everything has to count as bad."""
    count = 0
    for row in view.rows:
        is_future = not values.is_bad(row.time) and row.time is not None and row.time > now
        if row.is_broken or values.is_bad(row.time):
            count += None not in row.keys or row.is_broken
        elif view.filters_by_created and not values.is_bad(row.created) and (
                row.created is None or row.created > now):
            continue
        elif row.is_bad and None not in row.keys and not is_future:
            count += view.is_static or row.time is not None
    return count
