import TestSupport
import Testing

@testable import OnlineStores

@Suite struct RowCacheShardTests {
    /// What a naive cache that forgets nothing has of a key.
    private struct Known {
        var row: FoundRow
        var bytes: [RowForm: [UInt8]] = [:]
    }

    private func key(_ number: Int, view: UInt32) -> [UInt8] {
        var key: [UInt8] = [Keyspace.rows]
        key += Array(repeating: UInt8(number), count: 1 + number % 3)
        key.append(bigEndian: view)
        return key
    }

    /// Few hashes, so that keys meet in the index.
    private func hash(_ number: Int, view: UInt32) -> UInt64 {
        UInt64(number % 7) | UInt64(number % 5) << 32 | UInt64(view) << 40
    }

    @Test("What is found is what was kept last, and never more than the budget", arguments: 0..<40)
    func agreesWithANaiveCache(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let budget = [600, 1500, 4000, 20_000, 200_000].randomElement(using: &random) ?? 600
        var shard = RowCacheShard(byteCount: budget)
        var known: [[UInt8]: Known] = [:]
        // By the buckets of the hashes.
        var pending: [Int: [UInt8]] = [:]
        var pendingViews: Set<UInt32> = []
        for step in 0..<400 {
            let number = Int.random(in: 0..<40, using: &random)
            let view = UInt32.random(in: 1...2, using: &random)
            let key = self.key(number, view: view)
            let hash = self.hash(number, view: view)
            let form = Bool.random(using: &random) ? RowForm.row : .text
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<9:
                var rows = RowBatch()
                rows.reset(count: 1)
                switch shard.read(hash, key: key.span, form: form, index: 0, into: &rows) {
                case .pending:
                    #expect(pending[number % 5] != nil || pendingViews.contains(view))
                case .missing: break
                case .found:
                    guard let expected = known[key] else {
                        Issue.record("step \(step): \(key) was never kept")
                        return
                    }
                    #expect(rows.found[0].isPresent == expected.row.isPresent)
                    guard expected.row.isPresent else { continue }
                    #expect(rows.bytes == expected.bytes[form])
                    #expect(rows.found[0].eventTime == expected.row.eventTime)
                    #expect(rows.found[0].writeTime == expected.row.writeTime)
                    #expect(rows.found[0].schemaID == expected.row.schemaID)
                }
            case 9..<17:
                var row = FoundRow()
                let bytes = (0..<Int.random(in: 0...90, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                if let other = known[key]?.row {
                    // The same row in another form: a row changes by a write only.
                    row = other
                } else if Int.random(in: 0..<4, using: &random) > 0 {
                    row.start = 0
                    row.end = bytes.count
                    row.eventTime = .random(in: .min ... .max, using: &random)
                    row.writeTime = .random(in: .min ... .max, using: &random)
                    row.schemaID = .random(in: 0 ... .max, using: &random)
                }
                shard.insert(hash, key: key.span, row: row, form: form, bytes: bytes.span)
                if pending[number % 5] == nil, !pendingViews.contains(view) {
                    known[key, default: Known(row: row)].bytes[form] = bytes
                }
            case 17:
                if pending.removeValue(forKey: number % 5) != nil {
                    shard.endWrite(hash)
                } else {
                    shard.beginWrite(hash, key: key.span)
                    known[key] = nil
                    pending[number % 5] = key
                }
            case 18:
                if pendingViews.remove(view) != nil {
                    shard.endWrite(ofView: view)
                } else {
                    shard.beginWrite(ofView: view)
                    pendingViews.insert(view)
                    known = known.filter { viewID(ofKey: $0.key.span) != view }
                }
            default:
                guard Int.random(in: 0..<5, using: &random) == 0 else { continue }
                shard.removeAll { $0 == view }
                known = known.filter { viewID(ofKey: $0.key.span) != view }
            }
            #expect(shard.byteCount <= budget)
        }
    }

    @Test("What is read often stays, and what is read once goes")
    func keepsWhatIsRead() {
        var shard = RowCacheShard(byteCount: 20_000)
        let bytes = [UInt8](repeating: 7, count: 100)
        var row = FoundRow()
        row.start = 0
        func isKept(_ number: UInt64) -> Bool {
            var key: [UInt8] = []
            key.append(bigEndian: number)
            var rows = RowBatch()
            rows.reset(count: 1)
            if case .found = shard.read(
                number &* 0x9E37_79B9_7F4A_7C15,
                key: key.span,
                form: .row,
                index: 0,
                into: &rows
            ) {
                return true
            }
            shard.insert(
                number &* 0x9E37_79B9_7F4A_7C15,
                key: key.span,
                row: row,
                form: .row,
                bytes: bytes.span
            )
            return false
        }
        var hits = 0
        for round in 0..<2000 {
            if isKept(UInt64(round % 10)) { hits += 1 }
            _ = isKept(UInt64(1000 + round))
        }
        #expect(hits == 1990)
    }
}
