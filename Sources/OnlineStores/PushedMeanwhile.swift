import NativeStorage

/// What pushes wrote while a load was being merged, against what the load has for the same keys.
struct PushedMeanwhile: ~Copyable {
    /// So many keys are looked up while pushes wait; others are looked up before.
    private static let maximumLate = 64

    private let journal: PushJournal
    private let merge: LoadMerge
    private var seen = 0
    /// Whether the load has a row as old as one that stays.
    private(set) var hasYielded = false
    /// The ages of the load's rows of keys that were pushed; `nil` where it has none.
    private var ages: [[UInt8]: RowAge?] = [:]

    init(journal: PushJournal, merge: LoadMerge) {
        self.journal = journal
        self.merge = merge
    }

    /// Looks up the keys that were pushed so far, until few are left to look up.
    ///
    /// Ends also when there are no fewer than in the round before: pushes come faster than they can
    /// be looked up then, and must wait for the rest.
    mutating func lookUpRecentKeys() throws(OnlineStoreError) {
        var last = Int.max
        while true {
            let count = try self.lookUp()
            if count <= Self.maximumLate || count >= last { return }
            last = count
        }
    }

    /// The stored rows that the load must leave alone, keys ascending; called while pushes wait.
    mutating func keptRows(in database: StoreDatabase) throws(OnlineStoreError) -> [KeptRow] {
        _ = try self.lookUp()
        var sortedKeys: [[UInt8]] = []
        for (key, age) in self.ages where age != nil {
            sortedKeys.append(key)
        }
        sortedKeys.sort { compareBytes($0.span, $1.span) < 0 }
        var keys = KeyBatch()
        for key in sortedKeys {
            keys.bytes.append(contentsOf: key)
            keys.endKey()
        }
        var kept: [KeptRow] = []
        let ages = self.ages
        var hasYielded = false
        try database.values(for: keys, sorted: true) { index, stored in
            guard let stored, let header = try? RowHeader(validating: stored),
                let age = ages[sortedKeys[index]] ?? nil
            else { return }
            // As old as the load's row, the pushed one is the later word.
            let stays = RowAge(eventTime: header.eventTime, writeTime: header.writeTime)
            if stays >= age {
                kept.append(KeptRow(key: sortedKeys[index], row: bytes(of: stored)))
            }
            if stays == age { hasYielded = true }
        }
        self.hasYielded = hasYielded
        return kept
    }

    /// - Returns: How many keys were new.
    private mutating func lookUp() throws(OnlineStoreError) -> Int {
        let keys = self.journal.recentKeys(from: self.seen)
        self.seen += keys.count
        for key in keys where self.ages[key] == nil {
            self.ages[key] = .some(try self.merge.age(of: key))
        }
        return keys.count
    }
}
