import NativeStorage

/// The rows that one read found, copied end to end into one buffer that is used again and again.
package struct RowBatch: Sendable {
    /// The bytes of all rows that were found; their checksums are right.
    package private(set) var bytes: [UInt8] = []
    /// Where each row starts, or -1 for a key without a row.
    private var starts: [Int] = []
    private var ends: [Int] = []

    package init() {}

    /// The number of keys that were asked for.
    package var count: Int { self.starts.count }

    /// Where the row for the key of that index lies in ``bytes``; `nil` when there is none.
    package func range(at index: Int) -> Range<Int>? {
        let start = self.starts[index]
        return start < 0 ? nil : start..<self.ends[index]
    }

    /// Forgets the rows and keeps the memory.
    package mutating func removeAll() {
        self.bytes.removeAll(keepingCapacity: true)
        self.starts.removeAll(keepingCapacity: true)
        self.ends.removeAll(keepingCapacity: true)
    }

    mutating func appendAbsent() {
        self.starts.append(-1)
        self.ends.append(-1)
    }

    mutating func append(_ row: Span<UInt8>) {
        self.starts.append(self.bytes.count)
        NativeStorage.append(row, to: &self.bytes)
        self.ends.append(self.bytes.count)
    }
}
