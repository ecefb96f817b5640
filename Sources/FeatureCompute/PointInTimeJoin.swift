/// Why an entity row has no history row.
package enum MissReason: UInt8, CaseIterable, Sendable {
    /// It has one.
    case none
    /// The source has no row for the key.
    case noRow
    /// All rows that are not in the future are older than the ttl.
    case olderThanTTL
    /// All rows of the key are later than the entity row.
    case onlyInFuture
    /// A row was valid, but every valid row was created after the entity row's time.
    case createdLater
    /// The entity row's key is null, or cannot be the declared type.
    case nullKey
    /// The entity row's time is null, or is no time.
    case nullTime
}

/// The rows of a source that may matter, in source order, column by column.
package struct HistoryRows: Sendable {
    /// The id of each row's key, `[rows]`.
    package var keyIDs: [Int32]
    /// Event times, `[rows]`; `nil` for a static table, whose rows are valid at all times.
    package var times: [Int64]?
    /// Created times, `[rows]`, ``missingTime`` for null; `nil` when the source has none.
    package var created: [Int64]?
    /// By key: whether there were rows too early for every entity row.
    package var keysWithOlderRows: Bitmap?
    /// By key: whether there were rows later than every entity row.
    package var keysWithNewerRows: Bitmap?

    package init(
        keyIDs: [Int32] = [],
        times: [Int64]? = [],
        created: [Int64]? = nil,
        keysWithOlderRows: Bitmap? = nil,
        keysWithNewerRows: Bitmap? = nil
    ) {
        self.keyIDs = keyIDs
        self.times = times
        self.created = created
        self.keysWithOlderRows = keysWithOlderRows
        self.keysWithNewerRows = keysWithNewerRows
    }
}

/// Which history row each entity row sees.
package struct PointInTimeMatches: Sendable {
    /// The history row of each entity row, or -1.
    package var rows: [Int32]
    /// Why there is none; `none` where there is one.
    package var reasons: [MissReason]
    /// The rows with the created times obeyed, when that was not asked for but would make a
    /// difference; else `nil`.
    package var rowsFilteredByCreated: [Int32]?
}

/// For each entity row, finds the row that a model could have seen at that moment.
///
/// A row qualifies when `time - ttl <= event time <= time`, both inclusive. The newest event time
/// wins, then the greatest created time (null loses), then the last in source order. Rows of a
/// static table are valid at all times and have no ttl.
///
/// - Parameters:
///   - entities: The entity rows, sorted.
///   - history: The source's rows; their key ids are those of the entity rows.
///   - ttl: How long a row stays valid, in microseconds; 0 for ever.
///   - filterByCreated: Whether a row must also have been created at or before the entity row's
///     time; without created times it makes no difference.
/// - Returns: For each entity row the index of its history row, or why there is none.
/// - Complexity: O(entity rows + history rows + keys) when each key's history comes by time, else
///   with a sort of the history.
package func pointInTimeMatches(
    entities: EntityOrder,
    history: HistoryRows,
    ttl: Int64,
    filterByCreated: Bool
) -> PointInTimeMatches {
    precondition(ttl >= 0, "a ttl is a length of time")
    var join = PointInTimeJoin(entities: entities, history: history, ttl: ttl)
    let plain = join.matches(filterByCreated: false)
    guard let created = history.created else { return plain }
    if filterByCreated {
        var filtered = join.matches(filterByCreated: true)
        for row in filtered.rows.indices where filtered.rows[row] < 0 {
            filtered.reasons[row] = plain.rows[row] < 0 ? plain.reasons[row] : .createdLater
        }
        return filtered
    }
    guard join.hidesAny(of: plain.rows, created: created) else { return plain }
    var result = plain
    result.rowsFilteredByCreated = join.matches(filterByCreated: true).rows
    return result
}

/// One join of entity rows with the history of their keys.
private struct PointInTimeJoin {
    /// A history row and the moment from which entity rows may see it.
    private struct Entry {
        var available: Int64
        var time: Int64
        var row: Int32
    }

    private let entities: EntityOrder
    private let history: HistoryRows
    private let ttl: Int64
    private let starts: [Int]

    init(entities: EntityOrder, history: HistoryRows, ttl: Int64) {
        let keyCount = entities.starts.count - 1
        var starts = Array(repeating: 0, count: keyCount + 1)
        for key in history.keyIDs {
            starts[Int(key) + 1] += 1
        }
        for key in 0..<keyCount {
            starts[key + 1] += starts[key]
        }
        self.entities = entities
        self.history = history
        self.ttl = history.times == nil ? 0 : ttl
        self.starts = starts
    }

    /// Whether an entity row sees a history row that was not yet created, as far as is known.
    func hidesAny(of rows: [Int32], created: [Int64]) -> Bool {
        for entry in self.entities.entries {
            let row = rows[Int(entry.row)]
            guard row >= 0 else { continue }
            let known = created[Int(row)]
            if known == missingTime || known > entry.time { return true }
        }
        return false
    }

    /// Walks entity rows and history of each key side by side.
    ///
    /// The history goes by the moment from which it is available, so the best of what was passed
    /// so far is always the winner: with the filter that is the later of event and created time.
    mutating func matches(filterByCreated: Bool) -> PointInTimeMatches {
        let (entries, ends) = self.partitioned(filterByCreated: filterByCreated)
        var rows = Array(repeating: Int32(-1), count: self.entities.reasons.count)
        var reasons = self.entities.reasons
        for key in 0..<(self.starts.count - 1) {
            var next = self.starts[key]
            let end = ends[key]
            var best = -1
            for index in self.entities.starts[key]..<self.entities.starts[key + 1] {
                let entity = self.entities.entries[index]
                while next < end, entries[next].available <= entity.time {
                    if best < 0 || self.isBetter(entries[next], than: entries[best]) {
                        best = next
                    }
                    next += 1
                }
                let row = Int(entity.row)
                if best < 0 {
                    reasons[row] = self.reasonWithoutRow(key: key)
                } else if self.isTooOld(entries[best].time, at: entity.time) {
                    reasons[row] = .olderThanTTL
                } else {
                    rows[row] = entries[best].row
                    reasons[row] = .none
                }
            }
        }
        return PointInTimeMatches(rows: rows, reasons: reasons)
    }

    /// The history by key, each key's by availability, and where each key's ends.
    private func partitioned(filterByCreated: Bool) -> (entries: [Entry], ends: [Int]) {
        var cursors = self.starts
        let empty = Entry(available: 0, time: 0, row: 0)
        var entries = Array(repeating: empty, count: self.history.keyIDs.count)
        let times = self.history.times
        let created = filterByCreated ? self.history.created : nil
        for row in self.history.keyIDs.indices {
            let key = Int(self.history.keyIDs[row])
            // No time of its own: earlier than every entity row.
            let time = times?[row] ?? missingTime
            var available = time
            if let created {
                guard created[row] != missingTime else { continue }
                available = max(time, created[row])
            }
            entries[cursors[key]] = Entry(available: available, time: time, row: Int32(row))
            cursors[key] += 1
        }
        for key in 0..<(self.starts.count - 1) {
            sortUnlessSorted(&entries, self.starts[key]..<cursors[key], by: \.available)
        }
        return (entries, cursors)
    }

    private func isBetter(_ entry: Entry, than best: Entry) -> Bool {
        if entry.time != best.time { return entry.time > best.time }
        if let created = self.history.created {
            let left = created[Int(entry.row)]
            let right = created[Int(best.row)]
            if left != right { return left > right }
        }
        return entry.row > best.row
    }

    private func isTooOld(_ time: Int64, at now: Int64) -> Bool {
        guard self.ttl > 0 else { return false }
        let (earliest, overflow) = now.subtractingReportingOverflow(self.ttl)
        return !overflow && time < earliest
    }

    private func reasonWithoutRow(key: Int) -> MissReason {
        if self.history.keysWithOlderRows?[key] ?? false { return .olderThanTTL }
        if self.history.keysWithNewerRows?[key] ?? false { return .onlyInFuture }
        return self.starts[key] < self.starts[key + 1] ? .onlyInFuture : .noRow
    }
}
