import NativeStorage

/// Where some of the keys of a run stand: a look-up reads one stretch of the file.
struct RunIndex: Sendable {
    /// About how many bytes of the file one look-up reads.
    static let stride = 32 << 10

    private var keys = KeyBatch()
    private var offsets: [Int] = []

    /// The number of keys.
    var count: Int { self.offsets.count }

    /// The key of that index.
    func key(at index: Int) -> [UInt8] { Array(self.keys.bytes[self.keys.range(at: index)]) }

    /// Takes note of a record that starts at `offset`; keys ascend.
    mutating func note(_ key: Span<UInt8>, offset: Int) {
        if let last = self.offsets.last, offset - last < Self.stride { return }
        append(key, to: &self.keys.bytes)
        self.keys.endKey()
        self.offsets.append(offset)
    }

    /// Where to start reading for the records from a key on.
    ///
    /// - Complexity: O(log records).
    func start(of key: [UInt8]) -> Int {
        var low = 0
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            let range = self.keys.range(at: middle)
            if compareBytes(self.keys.bytes.span.extracting(range), key.span) <= 0 {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low > 0 ? self.offsets[low - 1] : 0
    }
}

/// A finished run: its file, and where its keys stand.
struct Run: Sendable {
    let path: String
    let index: RunIndex
    let byteCount: Int

    /// The age of the run's row of a key; `nil` when it has none.
    ///
    /// - Complexity: One short read.
    func age(of key: [UInt8]) throws(OnlineStoreError) -> RowAge? {
        let reader = try RunFileReader(self, index: 0, bufferLength: RunIndex.stride)
        guard try reader.start(at: key) else { return nil }
        let record = unsafe reader.record
        guard unsafe compareBytes(record.key.span, key.span) == 0 else { return nil }
        return unsafe record.age
    }
}
