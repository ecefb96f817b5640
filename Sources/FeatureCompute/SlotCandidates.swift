package import FeatureModel

/// Which history row each entity row sees.
package struct PointInTimeMatches: Sendable {
    /// The row that each entity row sees, by its place in the columns of the candidates, or -1.
    package var rows: [Int32]
    /// Why there is none; `none` where there is one.
    package var reasons: [MissReason]
    /// The rows with the created times obeyed, when that was not asked for but would make a
    /// difference; else `nil`.
    package var rowsFilteredByCreated: [Int32]?
}

/// The point-in-time join: for each entity row, the row that a model could have seen at that
/// moment.
///
/// A row qualifies when `time - ttl <= event time <= time`, both inclusive. The newest event time
/// wins, then the greatest created time (null loses), then the last in source order. Rows of a
/// static table are valid at all times and have no ttl.
///
/// The history passes by once, in any order of times. Each slot keeps the best of its rows, and
/// what an entity row sees is the best of the slots of its key up to its own: so memory goes by the
/// slots, however long the history is. Created times are obeyed in a second set of slots, in which
/// a row belongs to the first one at or after both of its times.
package struct SlotCandidates: Sendable {
    private let slots: EntitySlots
    /// The row that each slot holds, or -1.
    private var best: [Int32]
    /// The same with created times obeyed; empty for a source without created times.
    private var bestKnown: [Int32] = []
    private let hasCreatedTimes: Bool
    private var times: [Int64] = []
    /// Empty for a source without created times.
    private var created: [Int64] = []
    private var ordinals: [Int64] = []
    /// How many slots hold each row: none, one, or one of both sets.
    private var holders: [UInt8] = []
    private var unused: [Int32] = []
    private var columns: [CandidateColumn]
    /// By key: whether a row was later than all slots.
    private var hasLaterRows: Bitmap

    /// No candidates yet.
    ///
    /// - Parameters:
    ///   - slots: The slots.
    ///   - types: The types of the wanted features.
    ///   - hasCreatedTimes: Whether rows have created times.
    package init(slots: EntitySlots, types: [ValueType], hasCreatedTimes: Bool) {
        self.slots = slots
        self.best = Array(repeating: -1, count: slots.count)
        self.hasCreatedTimes = hasCreatedTimes
        if hasCreatedTimes { self.bestKnown = self.best }
        self.columns = types.map { CandidateColumn(type: $0) }
        self.hasLaterRows = Bitmap(count: slots.keyCount)
    }

    /// How many bytes the rows that are held take.
    package var size: Int {
        self.columns.reduce(self.times.count * 32) { $0 + $1.size }
    }

    /// Takes rows in; of equal rows the last wins, or the one with the greatest ordinal.
    ///
    /// - Complexity: O(rows × features) at most.
    package mutating func add(_ rows: SlotRows) {
        precondition(rows.hasCreatedTimes == self.hasCreatedTimes, "created times or none")
        for key in rows.keysOfLaterRows {
            self.hasLaterRows[Int(key)] = true
        }
        var taken: [Int32] = []
        var places: [Int32] = []
        taken.reserveCapacity(rows.count)
        places.reserveCapacity(rows.count)
        for row in 0..<rows.count {
            let slot = Int(rows.slots[row])
            let knownSlot = self.hasCreatedTimes ? Int(rows.knownSlots[row]) : -1
            let wins = slot >= 0 && self.isBetter(rows, row, than: self.best[slot])
            let winsKnown =
                knownSlot >= 0 && self.isBetter(rows, row, than: self.bestKnown[knownSlot])
            guard wins || winsKnown else { continue }
            if wins { self.release(self.best[slot]) }
            if winsKnown { self.release(self.bestKnown[knownSlot]) }
            let place = self.place(for: rows, row)
            if wins {
                self.best[slot] = place
                self.holders[Int(place)] += 1
            }
            if winsKnown {
                self.bestKnown[knownSlot] = place
                self.holders[Int(place)] += 1
            }
            taken.append(Int32(row))
            places.append(place)
        }
        guard !taken.isEmpty else { return }
        for index in self.columns.indices {
            self.columns[index].write(
                rows.features[index],
                rows: taken,
                to: places,
                placeCount: self.times.count
            )
        }
    }

    private func isBetter(_ rows: SlotRows, _ row: Int, than place: Int32) -> Bool {
        guard place >= 0 else { return true }
        let place = Int(place)
        if rows.times[row] != self.times[place] { return rows.times[row] > self.times[place] }
        if self.hasCreatedTimes, rows.created[row] != self.created[place] {
            return rows.created[row] > self.created[place]
        }
        return rows.ordinals.isEmpty || rows.ordinals[row] >= self.ordinals[place]
    }

    private mutating func release(_ place: Int32) {
        guard place >= 0 else { return }
        self.holders[Int(place)] -= 1
        if self.holders[Int(place)] == 0 { self.unused.append(place) }
    }

    /// A place for a row, with its times.
    private mutating func place(for rows: SlotRows, _ row: Int) -> Int32 {
        // Rows without ordinals come after all that have some, and win without a look at them.
        let ordinal = rows.ordinals.isEmpty ? .max : rows.ordinals[row]
        guard let place = self.unused.popLast() else {
            self.times.append(rows.times[row])
            if self.hasCreatedTimes { self.created.append(rows.created[row]) }
            self.ordinals.append(ordinal)
            self.holders.append(0)
            return Int32(self.times.count - 1)
        }
        self.times[Int(place)] = rows.times[row]
        if self.hasCreatedTimes { self.created[Int(place)] = rows.created[row] }
        self.ordinals[Int(place)] = ordinal
        return place
    }

    /// The rows that entity rows see.
    ///
    /// - Parameters:
    ///   - ttl: How long a row stays valid, in microseconds; 0 for ever.
    ///   - filterByCreated: Whether a row must also have been created at or before the entity row's
    ///     time; without created times it makes no difference.
    ///   - oldestPassed: By key, the earliest event time of rows that were passed over and never
    ///     added, `Int64.max` for none; `nil` when all rows were added.
    /// - Returns: For each entity row a place in the columns, or why there is none.
    /// - Complexity: O(slots + entity rows).
    package func matches(
        ttl: Int64,
        filterByCreated: Bool,
        oldestPassed: [Int64]? = nil
    ) -> PointInTimeMatches {
        precondition(ttl >= 0, "a ttl is a length of time")
        let plain = self.seen(self.best, ttl: ttl)
        guard self.hasCreatedTimes else {
            return self.matches(plain, reasons: self.reasons(plain, ttl, oldestPassed))
        }
        if filterByCreated {
            let filtered = self.seen(self.bestKnown, ttl: ttl)
            var reasons = self.reasons(plain, ttl, oldestPassed)
            for slot in reasons.indices {
                if filtered[slot] >= 0 {
                    reasons[slot] = .none
                } else if plain[slot] >= 0 {
                    reasons[slot] = .createdLater
                }
            }
            return self.matches(filtered, reasons: reasons)
        }
        var result = self.matches(plain, reasons: self.reasons(plain, ttl, oldestPassed))
        let isAnyHidden = plain.indices.contains { slot in
            guard plain[slot] >= 0 else { return false }
            let known = self.created[Int(plain[slot])]
            return known == missingTime || known > self.slots.times[slot]
        }
        if isAnyHidden {
            let filtered = self.seen(self.bestKnown, ttl: ttl)
            result.rowsFilteredByCreated = self.slots.ofRows.map { $0 < 0 ? -1 : filtered[Int($0)] }
        }
        return result
    }

    /// The features of the rows that are held, by place.
    package consuming func features() -> [Column] {
        self.columns.map { $0.finish() }
    }

    /// The row that each slot sees, or -1: the best of the slots up to it, unless it is too old.
    private func seen(_ best: [Int32], ttl: Int64) -> [Int32] {
        var result = best
        for key in 0..<self.slots.keyCount {
            var newest: Int32 = -1
            for slot in self.slots.slots(ofKey: key) {
                let candidate = best[slot]
                if candidate >= 0, newest < 0 || self.isBetter(candidate, than: newest) {
                    newest = candidate
                }
                let isSeen =
                    newest >= 0
                    && !isTooOld(self.times[Int(newest)], at: self.slots.times[slot], ttl: ttl)
                result[slot] = isSeen ? newest : -1
            }
        }
        return result
    }

    private func isBetter(_ left: Int32, than right: Int32) -> Bool {
        let (left, right) = (Int(left), Int(right))
        if self.times[left] != self.times[right] { return self.times[left] > self.times[right] }
        if self.hasCreatedTimes, self.created[left] != self.created[right] {
            return self.created[left] > self.created[right]
        }
        return self.ordinals[left] > self.ordinals[right]
    }

    /// Why each slot sees no row; `none` for those that do.
    private func reasons(
        _ seen: [Int32],
        _ ttl: Int64,
        _ oldestPassed: [Int64]?
    ) -> [MissReason] {
        var result = Array(repeating: MissReason.none, count: seen.count)
        for key in 0..<self.slots.keyCount {
            let range = self.slots.slots(ofKey: key)
            let passed = oldestPassed?[key] ?? .max
            let firstHeld = range.first { self.best[$0] >= 0 } ?? range.upperBound
            let isAny =
                firstHeld < range.upperBound || passed != .max || self.hasLaterRows[key]
            for slot in range where seen[slot] < 0 {
                if slot >= firstHeld || passed <= self.slots.times[slot] {
                    result[slot] = .olderThanTTL
                } else {
                    result[slot] = isAny ? .onlyInFuture : .noRow
                }
            }
        }
        return result
    }

    /// What the slots see, entity row by entity row.
    private func matches(_ seen: [Int32], reasons: [MissReason]) -> PointInTimeMatches {
        var result = PointInTimeMatches(
            rows: self.slots.ofRows,
            reasons: self.slots.reasons
        )
        for row in result.rows.indices where result.rows[row] >= 0 {
            let slot = Int(result.rows[row])
            result.rows[row] = seen[slot]
            result.reasons[row] = reasons[slot]
        }
        return result
    }
}
