import NativeStorage

/// Goes through several runs as if they were one: every key of a range once, ascending, with its
/// newest row.
///
/// A binary heap of the runs; the smallest key is on top, and of equal keys the newest row.
struct RunMerge {
    private var heap: [RunFileReader] = []
    private let upper: [UInt8]?
    private var lastKey: [UInt8] = []
    private var lastWord: UInt64 = 0
    private var hasLastKey = false

    /// - Parameters:
    ///   - runs: In the order in which they were written.
    ///   - range: The keys that come.
    ///   - memory: What the buffers may take together.
    /// - Throws: ``OnlineStoreError`` when a file cannot be read.
    init(_ runs: [Run], range: LoadRange, memory: Int) throws(OnlineStoreError) {
        let bufferLength = min(max(memory / max(runs.count, 1), 16 << 10), 1 << 20)
        self.upper = range.upper
        for (index, run) in runs.enumerated() {
            let reader = try RunFileReader(run, index: index, bufferLength: bufferLength)
            if try reader.start(at: range.lower) {
                self.heap.append(reader)
            }
        }
        for index in stride(from: self.heap.count / 2 - 1, through: 0, by: -1) {
            self.siftDown(index)
        }
    }

    /// Moves to the next key.
    ///
    /// - Returns: The run that stands at the key's newest row, until the next call; `nil` at the
    ///   end.
    /// - Complexity: O(log runs) comparisons per record.
    mutating func next() throws(OnlineStoreError) -> RunFileReader? {
        if self.hasLastKey {
            try self.advanceTop()
        }
        while let top = self.heap.first {
            if self.hasLastKey, self.isLastKey(of: top) {
                try self.advanceTop()
                continue
            }
            if let upper = self.upper, unsafe compareBytes(top.record.key.span, upper.span) >= 0 {
                return nil
            }
            self.keepKey(of: top)
            return top
        }
        return nil
    }

    private func isLastKey(of reader: RunFileReader) -> Bool {
        guard reader.word == self.lastWord else { return false }
        return unsafe compareBytes(reader.record.key.span, self.lastKey.span) == 0
    }

    private mutating func keepKey(of reader: RunFileReader) {
        self.lastKey.removeAll(keepingCapacity: true)
        unsafe append(reader.record.key.span, to: &self.lastKey)
        self.lastWord = reader.word
        self.hasLastKey = true
    }

    private mutating func advanceTop() throws(OnlineStoreError) {
        guard let top = self.heap.first else { return }
        if try !top.advance() {
            self.heap.swapAt(0, self.heap.count - 1)
            self.heap.removeLast()
        }
        self.siftDown(0)
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var first = index
            for child in (2 * index + 1)...(2 * index + 2) where child < self.heap.count {
                if comesBefore(self.heap[child], self.heap[first]) {
                    first = child
                }
            }
            guard first != index else { return }
            self.heap.swapAt(index, first)
            index = first
        }
    }
}

/// Whether a run's record comes first: the smaller key, then the newer row, then the later run.
private func comesBefore(_ left: RunFileReader, _ right: RunFileReader) -> Bool {
    let order = left.compareKey(with: right)
    if order != 0 { return order < 0 }
    let age = unsafe left.record.age
    let otherAge = unsafe right.record.age
    return age == otherAge ? left.index > right.index : age > otherAge
}
