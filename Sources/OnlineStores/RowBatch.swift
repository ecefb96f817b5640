import NativeStorage

/// What one read found for one key.
package struct FoundRow: Hashable, Sendable {
    /// Where its bytes, or its text, start in those of the batch; -1 for a key without a row.
    package internal(set) var start = -1
    /// Where they end.
    package internal(set) var end = -1
    /// When the row became true, in microseconds since 1970.
    package internal(set) var eventTime: Int64 = 0
    /// When the row was created or written, in microseconds since 1970; `Int64.min` for unknown.
    package internal(set) var writeTime: Int64 = 0
    /// Which of its view's schemas the row has.
    package internal(set) var schemaID: UInt16 = 0

    /// No row.
    init() {}

    /// A row whose bytes are set later.
    init(_ header: RowHeader) {
        self.eventTime = header.eventTime
        self.writeTime = header.writeTime
        self.schemaID = header.schemaID
    }

    /// Whether there is a row.
    package var isPresent: Bool { self.start >= 0 }
}

/// The rows that one read found, copied end to end into one buffer that is used again and again.
package struct RowBatch: Sendable {
    /// The bytes of all rows that were found, whose checksums were right, or their texts.
    package private(set) var bytes: [UInt8] = []
    /// What was found for each key, `[n]`.
    package private(set) var found: [FoundRow] = []
    /// What a read needs meanwhile.
    var scratch = ReadScratch()

    package init() {}

    /// The number of keys that were asked for.
    package var count: Int { self.found.count }

    /// Where the row for the key of that index lies in ``bytes``; `nil` when there is none.
    package func range(at index: Int) -> Range<Int>? {
        let row = self.found[index]
        return row.isPresent ? row.start..<row.end : nil
    }

    /// Forgets what it held, keeps the memory, and makes room for `count` keys without rows.
    mutating func reset(count: Int) {
        self.bytes.removeAll(keepingCapacity: true)
        self.found.removeAll(keepingCapacity: true)
        for _ in 0..<count {
            self.found.append(FoundRow())
        }
    }

    /// Sets what was found for a key, with a copy of its bytes.
    mutating func set(_ index: Int, _ row: FoundRow, bytes: Span<UInt8>) {
        var row = row
        row.start = self.bytes.count
        NativeStorage.append(bytes, to: &self.bytes)
        row.end = self.bytes.count
        self.found[index] = row
    }

    /// Sets what was found for a key; its text is what `write` appends.
    ///
    /// - Returns: What `write` returns; the text is empty when it is false.
    mutating func set(
        _ index: Int,
        _ row: FoundRow,
        writing write: (inout [UInt8]) -> Bool
    ) -> Bool {
        var row = row
        row.start = self.bytes.count
        let isWritten = write(&self.bytes)
        if !isWritten {
            self.bytes.removeSubrange(row.start...)
        }
        row.end = self.bytes.count
        self.found[index] = row
        return isWritten
    }
}

/// The buffers of a read, kept from one to the next.
struct ReadScratch: Sendable {
    /// The keys that the cache does not have, and their indices among all.
    var missing = KeyBatch()
    var missingIndices: [Int] = []
    var hashes: [UInt64] = []
}
