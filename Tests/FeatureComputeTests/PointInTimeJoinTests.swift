import FeatureCompute
import TestSupport
import Testing

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
        let order = EntityOrder(keyIDs: keys, times: times, keyCount: keyCount)

        for filter in [false, true] {
            let matches = pointInTimeMatches(
                entities: order,
                history: history,
                ttl: ttl,
                filterByCreated: filter
            )
            #expect(matches.rows == keys.indices.map { naive.row(of: $0, filterByCreated: filter) })
            #expect(
                matches.reasons
                    == keys.indices.map { naive.reason(of: $0, filterByCreated: filter) }
            )
            if !filter {
                let filtered = keys.indices.map { naive.row(of: $0, filterByCreated: true) }
                #expect((matches.rowsFilteredByCreated ?? matches.rows) == filtered)
            }
        }
    }

    @Test("Both bounds of the ttl are inclusive, to the microsecond")
    func ttlIsInclusive() {
        let order = EntityOrder(keyIDs: [0, 0, 0, 0], times: [99, 100, 110, 111], keyCount: 1)
        let history = HistoryRows(keyIDs: [0], times: [100])
        let matches = pointInTimeMatches(
            entities: order,
            history: history,
            ttl: 10,
            filterByCreated: false
        )
        #expect(matches.rows == [-1, 0, 0, -1])
        #expect(matches.reasons == [.onlyInFuture, .none, .none, .olderThanTTL])
    }

    @Test("A ttl longer than all of time does not overflow")
    func hugeTTL() {
        let order = EntityOrder(keyIDs: [0], times: [-100], keyCount: 1)
        let history = HistoryRows(keyIDs: [0], times: [.min + 1])
        let matches = pointInTimeMatches(
            entities: order,
            history: history,
            ttl: .max,
            filterByCreated: false
        )
        #expect(matches.rows == [0])
    }

    @Test("Rows that were passed over still give the reason")
    func bitmapsGiveReasons() {
        var older = Bitmap(count: 3)
        older[0] = true
        var newer = Bitmap(count: 3)
        newer[0] = true
        newer[1] = true
        let order = EntityOrder(keyIDs: [0, 1, 2], times: [5, 5, 5], keyCount: 3)
        let history = HistoryRows(keysWithOlderRows: older, keysWithNewerRows: newer)
        let matches = pointInTimeMatches(
            entities: order,
            history: history,
            ttl: 1,
            filterByCreated: false
        )
        #expect(matches.reasons == [.olderThanTTL, .onlyInFuture, .noRow])
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
