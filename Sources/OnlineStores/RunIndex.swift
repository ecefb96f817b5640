import NativeStorage

/// Where some of the keys of a run stand: a look-up reads one stretch of the file.
struct RunIndex {
    /// About how many bytes of the file one look-up reads.
    static let stride = 8 << 10

    private var keys: [[UInt8]] = []
    private var offsets: [Int] = []

    /// Takes note of a record that starts at `offset`; keys ascend.
    mutating func note(_ key: Span<UInt8>, offset: Int) {
        if let last = self.offsets.last, offset - last < Self.stride { return }
        self.keys.append(bytes(of: key))
        self.offsets.append(offset)
    }

    /// Where to start reading for the record of a key; `nil` when all keys are greater.
    ///
    /// - Complexity: O(log records).
    func start(of key: [UInt8]) -> Int? {
        var low = 0
        var high = self.keys.count
        while low < high {
            let middle = (low + high) / 2
            let other = self.keys[middle]
            if compareBytes(other.span, key.span) <= 0 {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low > 0 ? self.offsets[low - 1] : nil
    }
}

/// A finished run: its file, and where its keys stand.
struct Run {
    let path: String
    let index: RunIndex

    /// The age of the run's row of a key; `nil` when it has none.
    ///
    /// - Complexity: One short read.
    func age(of key: [UInt8]) throws(OnlineStoreError) -> RowAge? {
        guard let start = self.index.start(of: key) else { return nil }
        let reader = try RunFileReader(path: self.path, index: 0, bufferLength: RunIndex.stride)
        try reader.seek(to: start)
        while try reader.advance() {
            let buffer = reader.buffer
            let order = compareBytes(buffer.span.extracting(reader.key), key.span)
            if order == 0 {
                return RowAge(eventTime: reader.eventTime, writeTime: reader.writeTime)
            }
            if order > 0 { return nil }
        }
        return nil
    }
}

/// How new a row is.
struct RowAge: Comparable {
    let eventTime: Int64
    let writeTime: Int64

    static func < (left: RowAge, right: RowAge) -> Bool {
        (left.eventTime, left.writeTime) < (right.eventTime, right.writeTime)
    }
}
