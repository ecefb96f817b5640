import FeatureCompute
import TestSupport
import Testing

/// The rows of a source, in source order, column by column.
private struct HistoryRows {
    var keyIDs: [Int32] = []
    /// `nil` for a static table.
    var times: [Int64]? = []
    var created: [Int64]?

    /// Some of the rows, with their place in the source as an ordinal and as a feature.
    func slotRows(_ rows: [Int], of slots: EntitySlots, hasOrdinals: Bool) -> SlotRows {
        var numbers = ColumnBuilder(type: .int64)
        var names = ColumnBuilder(type: .string)
        for row in rows {
            numbers.append(integer: Int64(row))
            if row % 3 == 0 {
                names.appendNull()
            } else {
                names.append(bytes: Self.name(row).utf8)
            }
        }
        return SlotRows(
            slots: slots,
            keyIDs: rows.map { keyIDs[$0] },
            times: times.map { times in rows.map { times[$0] } },
            created: created.map { created in rows.map { created[$0] } },
            ordinals: hasOrdinals ? rows.map { Int64($0) } : nil,
            features: [numbers.finish(), names.finish()]
        )
    }

    static func name(_ row: Int) -> String {
        String(repeating: "n\(row)", count: row % 5)
    }
}

/// The definition, written down: look at every row for every entity row.
private struct NaiveJoin {
    var keys: [Int32]
    var times: [Int64]
    var history: HistoryRows
    var ttl: Int64

    func row(of entity: Int, filterByCreated: Bool) -> Int32 {
        guard keys[entity] >= 0, times[entity] != missingTime else { return -1 }
        var best: Int32 = -1
        for row in history.keyIDs.indices
        where isValid(row, for: entity, filterByCreated: filterByCreated) {
            if best < 0 || rank(Int(best)) <= rank(row) { best = Int32(row) }
        }
        return best
    }

    func reason(of entity: Int, filterByCreated: Bool) -> MissReason {
        if keys[entity] < 0 { return .nullKey }
        if times[entity] == missingTime { return .nullTime }
        if row(of: entity, filterByCreated: filterByCreated) >= 0 { return .none }
        if row(of: entity, filterByCreated: false) >= 0 { return .createdLater }
        let rows = history.keyIDs.indices.filter { history.keyIDs[$0] == keys[entity] }
        if rows.isEmpty { return .noRow }
        let isAnyPast = rows.contains { (history.times?[$0] ?? missingTime) <= times[entity] }
        return isAnyPast ? .olderThanTTL : .onlyInFuture
    }

    private func isValid(_ row: Int, for entity: Int, filterByCreated: Bool) -> Bool {
        guard history.keyIDs[row] == keys[entity] else { return false }
        if let time = history.times?[row] {
            guard time <= times[entity] else { return false }
            if ttl > 0, time < times[entity] - ttl { return false }
        }
        if filterByCreated, let created = history.created?[row] {
            return created != missingTime && created <= times[entity]
        }
        return true
    }

    private func rank(_ row: Int) -> (Int64, Int64) {
        (history.times?[row] ?? 0, history.created?[row] ?? 0)
    }
}

@Suite struct PointInTimeJoinTests {
    @Test("Matches and reasons agree with the definition", arguments: UInt64(0)..<400)
    func agreesWithTheDefinition(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let keyCount = Int.random(in: 1...4, using: &random)
        let keys = (0..<Int.random(in: 0...30, using: &random)).map { _ in
            Int32.random(in: -1..<Int32(keyCount), using: &random)
        }
        let times = keys.map { _ in
            Int.random(in: 0..<10, using: &random) == 0
                ? missingTime : Int64.random(in: 0...30, using: &random)
        }
        let historyCount = Int.random(in: 0...40, using: &random)
        var history = HistoryRows()
        history.keyIDs = (0..<historyCount).map { _ in
            Int32.random(in: 0..<Int32(keyCount), using: &random)
        }
        let isSorted = Bool.random(using: &random)
        let drawn = (0..<historyCount).map { _ in Int64.random(in: -5...35, using: &random) }
        history.times = isSorted ? drawn.sorted() : drawn
        if Int.random(in: 0..<5, using: &random) == 0 { history.times = nil }
        if Bool.random(using: &random) {
            history.created = (0..<historyCount).map { _ in
                Int.random(in: 0..<4, using: &random) == 0
                    ? missingTime : Int64.random(in: 0...30, using: &random)
            }
        }
        let ttl = Bool.random(using: &random) ? 0 : Int64.random(in: 1...15, using: &random)
        let naive = NaiveJoin(keys: keys, times: times, history: history, ttl: ttl)
        let slots = EntitySlots(keyIDs: keys, times: times, keyCount: keyCount)
        let join = RandomJoin(slots: slots, history: history, ttl: ttl, using: &random)

        for filter in [false, true] {
            let (matches, features) = join.run(filterByCreated: filter)
            let rows = keys.indices.map { naive.row(of: $0, filterByCreated: filter) }
            #expect(sourceRows(matches.rows, features) == rows)
            #expect(
                matches.reasons
                    == keys.indices.map { naive.reason(of: $0, filterByCreated: filter) }
            )
            #expect(
                features[1].gathered(matches.rows).values
                    == rows.map {
                        $0 < 0 || $0 % 3 == 0 ? .null : .string(HistoryRows.name(Int($0)))
                    }
            )
            if !filter {
                let filtered = keys.indices.map { naive.row(of: $0, filterByCreated: true) }
                #expect(
                    sourceRows(matches.rowsFilteredByCreated ?? matches.rows, features) == filtered
                )
            }
        }
    }

    @Test("A long history leaves no more behind than the slots can hold")
    func isBounded() {
        let slots = EntitySlots(keyIDs: [0, 0], times: [5_000, 100_000], keyCount: 1)
        var candidates = SlotCandidates(
            slots: slots,
            types: [.int64, .string],
            hasCreatedTimes: false
        )
        var history = HistoryRows()
        history.keyIDs = Array(repeating: 0, count: 10_000)
        history.times = (0..<10_000).map { Int64($0) }
        for row in 0..<10_000 {
            candidates.add(history.slotRows([row], of: slots, hasOrdinals: false))
        }
        #expect(candidates.size < 1 << 17)
        let matches = candidates.matches(ttl: 0, filterByCreated: false)
        let features = candidates.features()
        #expect(features[0].count == 2)
        #expect(sourceRows(matches.rows, features) == [5_000, 9_999])
    }

    @Test("Both bounds of the ttl are inclusive, to the microsecond")
    func ttlIsInclusive() {
        let matches = matchesOfOneRow(at: 100, seenAt: [99, 100, 110, 111], ttl: 10)
        #expect(matches.rows == [-1, 0, 0, -1])
        #expect(matches.reasons == [.onlyInFuture, .none, .none, .olderThanTTL])
    }

    @Test("A ttl longer than all of time does not overflow")
    func hugeTTL() {
        #expect(matchesOfOneRow(at: .min + 1, seenAt: [-100], ttl: .max).rows == [0])
    }

    @Test("Rows that were passed over still give the reason")
    func passedRowsGiveReasons() {
        let slots = EntitySlots(keyIDs: [0, 1, 2], times: [5, 5, 5], keyCount: 3)
        let candidates = SlotCandidates(slots: slots, types: [], hasCreatedTimes: false)
        let matches = candidates.matches(
            ttl: 1,
            filterByCreated: false,
            oldestPassed: [3, 6, .max]
        )
        #expect(matches.reasons == [.olderThanTTL, .onlyInFuture, .noRow])
    }

    private func matchesOfOneRow(
        at time: Int64,
        seenAt times: [Int64],
        ttl: Int64
    ) -> PointInTimeMatches {
        let slots = EntitySlots(keyIDs: times.map { _ in 0 }, times: times, keyCount: 1)
        let history = HistoryRows(keyIDs: [0], times: [time])
        var candidates = SlotCandidates(
            slots: slots,
            types: [.int64, .string],
            hasCreatedTimes: false
        )
        candidates.add(history.slotRows([0], of: slots, hasOrdinals: false))
        return candidates.matches(ttl: ttl, filterByCreated: false)
    }
}

/// The rows of the source that places hold, by the feature that says so.
private func sourceRows(_ places: [Int32], _ features: [Column]) -> [Int32] {
    features[0].gathered(places).values.map { value in
        if case .integer(let row) = value { return Int32(row) }
        return -1
    }
}

/// A join whose rows come in batches, some passed over, in order or with ordinals.
private struct RandomJoin {
    let slots: EntitySlots
    let history: HistoryRows
    let ttl: Int64
    let batches: [[Int]]
    let hasOrdinals: Bool
    let oldestPassed: [Int64]

    init(
        slots: EntitySlots,
        history: HistoryRows,
        ttl: Int64,
        using random: inout SeededGenerator
    ) {
        self.slots = slots
        self.history = history
        self.ttl = history.times == nil ? 0 : ttl
        self.hasOrdinals = Bool.random(using: &random)
        let passesOver = Bool.random(using: &random)
        var order = Array(history.keyIDs.indices)
        if self.hasOrdinals { order.shuffle(using: &random) }
        var oldestPassed = Array(repeating: Int64.max, count: slots.keyCount)
        var batches: [[Int]] = [[]]
        for row in order {
            let key = history.keyIDs[row]
            let time = history.times?[row] ?? missingTime
            let slot = slots.first(ofKey: key, from: time)
            let isWanted = slot >= 0 && !isTooOld(time, at: slots.times[Int(slot)], ttl: self.ttl)
            if passesOver, !isWanted {
                oldestPassed[Int(key)] = min(oldestPassed[Int(key)], time)
                continue
            }
            batches[batches.count - 1].append(row)
            // A row may come twice when it has an ordinal.
            if self.hasOrdinals, Bool.random(using: &random) { batches.append([row]) }
            if Int.random(in: 0..<6, using: &random) == 0 { batches.append([]) }
        }
        self.batches = batches
        self.oldestPassed = oldestPassed
    }

    func run(filterByCreated: Bool) -> (PointInTimeMatches, [Column]) {
        var candidates = SlotCandidates(
            slots: self.slots,
            types: [.int64, .string],
            hasCreatedTimes: self.history.created != nil
        )
        for batch in self.batches {
            candidates.add(
                self.history.slotRows(batch, of: self.slots, hasOrdinals: self.hasOrdinals)
            )
        }
        let matches = candidates.matches(
            ttl: self.ttl,
            filterByCreated: filterByCreated,
            oldestPassed: self.oldestPassed
        )
        return (matches, candidates.features())
    }
}

@Suite struct KeyDictionaryTests {
    @Test("Numbers keys as a dictionary does", arguments: UInt64(0)..<40)
    func agreesWithDictionary(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var integers = KeyDictionary(keyTypes: [.int64])
        var texts = KeyDictionary(keyTypes: [.string, .int64])
        var known: [Int64: Int32] = [:]
        for _ in 0..<500 {
            let key = Int64.random(in: -150...150, using: &random)
            var bytes: [UInt8] = []
            let name = Array("k\(key / 10)".utf8)
            KeyDictionary.appendBytes(name.span, to: &bytes)
            KeyDictionary.appendInteger(key, to: &bytes)
            let expected = known[key] ?? -1
            #expect(integers.id(of: key) == expected)
            #expect(texts.id(of: bytes.span) == expected)
            let next = known[key] ?? Int32(known.count)
            known[key] = next
            #expect(integers.insert(key) == next)
            #expect(texts.insert(bytes.span) == next)
        }
        #expect(integers.count == known.count && texts.count == known.count)
    }

    @Test("Parts of a key do not run into each other")
    func partsAreSeparate() {
        var keys = KeyDictionary(keyTypes: [.string, .string])
        var ids: [Int32] = []
        for (left, right) in [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "")] {
            var key: [UInt8] = []
            let leftBytes = Array(left.utf8)
            let rightBytes = Array(right.utf8)
            KeyDictionary.appendBytes(leftBytes.span, to: &key)
            KeyDictionary.appendBytes(rightBytes.span, to: &key)
            ids.append(keys.insert(key.span))
        }
        #expect(ids == [0, 1, 2, 3])
    }
}
