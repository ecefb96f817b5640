import NativeStorage

/// One row of a load, by its place in the arena.
struct LoadEntry {
    /// The first eight bytes of the key after its keyspace, as a number: most keys differ there.
    let prefix: UInt64
    /// Where the key starts; the row follows it, and later entries start later.
    let start: Int
    let keyCount: Int
    let rowCount: Int
    let eventTime: Int64
    let writeTime: Int64

    var key: Range<Int> { self.start..<(self.start + self.keyCount) }
    var row: Range<Int> {
        (self.start + self.keyCount)..<(self.start + self.keyCount + self.rowCount)
    }
}

/// The rows of a load that are in memory.
struct LoadArena {
    private(set) var bytes: [UInt8] = []
    private(set) var entries: [LoadEntry] = []

    /// The memory that the entries take.
    var size: Int { self.bytes.count + self.entries.count * MemoryLayout<LoadEntry>.stride }

    var isEmpty: Bool { self.entries.isEmpty }

    mutating func append(
        key: Span<UInt8>,
        eventTime: Int64,
        writeTime: Int64,
        row: Span<UInt8>
    ) {
        self.entries.append(
            LoadEntry(
                prefix: keyPrefix(key),
                start: self.bytes.count,
                keyCount: key.count,
                rowCount: row.count,
                eventTime: eventTime,
                writeTime: writeTime
            )
        )
        NativeStorage.append(key, to: &self.bytes)
        NativeStorage.append(row, to: &self.bytes)
    }

    /// Sorts the entries by key, and keeps of each key the newest: the greatest
    /// (event time, write time), then the last added.
    ///
    /// - Complexity: O(n log n) comparisons.
    mutating func sortAndKeepNewest() {
        let bytes = self.bytes
        self.entries.sort { left, right in
            let order = compareKeys(left, right, in: bytes)
            if order != 0 { return order < 0 }
            if left.eventTime != right.eventTime { return left.eventTime > right.eventTime }
            if left.writeTime != right.writeTime { return left.writeTime > right.writeTime }
            return left.start > right.start
        }
        var kept = 0
        for index in self.entries.indices {
            if kept > 0 {
                let previous = self.entries[kept - 1]
                if compareKeys(previous, self.entries[index], in: bytes) == 0 {
                    continue
                }
            }
            self.entries[kept] = self.entries[index]
            kept += 1
        }
        self.entries.removeSubrange(kept...)
    }

    /// The age of the row of a key after ``sortAndKeepNewest()``; `nil` when there is none.
    ///
    /// - Complexity: O(log n) comparisons.
    func age(of key: [UInt8]) -> RowAge? {
        var low = 0
        var high = self.entries.count
        while low < high {
            let middle = (low + high) / 2
            let entry = self.entries[middle]
            let order = compareBytes(self.bytes.span.extracting(entry.key), key.span)
            if order == 0 {
                return RowAge(eventTime: entry.eventTime, writeTime: entry.writeTime)
            }
            if order < 0 {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return nil
    }

    /// Forgets the entries and keeps the memory.
    mutating func removeAll() {
        self.bytes.removeAll(keepingCapacity: true)
        self.entries.removeAll(keepingCapacity: true)
    }
}

/// Orders two entries by their keys.
private func compareKeys(_ left: LoadEntry, _ right: LoadEntry, in bytes: [UInt8]) -> Int {
    if left.prefix != right.prefix {
        return left.prefix < right.prefix ? -1 : 1
    }
    let span = bytes.span
    return compareBytes(span.extracting(left.key), span.extracting(right.key))
}

/// The bytes of a key from the second to the ninth as a number that orders as they do; missing ones
/// count as zero.
func keyPrefix(_ key: Span<UInt8>) -> UInt64 {
    if key.count >= 9 {
        return key.bigEndian(at: 1, as: UInt64.self)
    }
    var prefix: UInt64 = 0
    for index in 1..<9 {
        prefix = prefix << 8 | (index < key.count ? UInt64(key[index]) : 0)
    }
    return prefix
}
