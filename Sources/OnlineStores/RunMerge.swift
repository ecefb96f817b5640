import NativeStorage

/// Goes through several runs as if they were one: every key once, ascending, with its newest row.
///
/// A binary heap of the runs; the smallest key is on top, and of equal keys the newest row.
struct RunMerge {
    private var heap: [RunFileReader] = []
    private var lastKey: [UInt8] = []
    private var hasLastKey = false

    /// - Parameters:
    ///   - paths: The runs in the order in which they were written.
    ///   - memory: What the buffers may take together.
    /// - Throws: ``OnlineStoreError`` when a file cannot be read.
    init(paths: [String], memory: Int) throws(OnlineStoreError) {
        let bufferLength = min(max(memory / max(paths.count, 1), 16 << 10), 1 << 20)
        for (index, path) in paths.enumerated() {
            let reader = try RunFileReader(path: path, index: index, bufferLength: bufferLength)
            if try reader.advance() {
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
            self.keepKey(of: top)
            return top
        }
        return nil
    }

    // The buffer is held in these two only: a reader that advances while its buffer is held
    // would have to copy it.

    private func isLastKey(of reader: RunFileReader) -> Bool {
        let buffer = reader.buffer
        return compareBytes(buffer.span.extracting(reader.key), self.lastKey.span) == 0
    }

    private mutating func keepKey(of reader: RunFileReader) {
        let buffer = reader.buffer
        self.lastKey.removeAll(keepingCapacity: true)
        append(buffer.span.extracting(reader.key), to: &self.lastKey)
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
            for child in [2 * index + 1, 2 * index + 2] where child < self.heap.count {
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
    if left.eventTime != right.eventTime { return left.eventTime > right.eventTime }
    if left.writeTime != right.writeTime { return left.writeTime > right.writeTime }
    return left.index > right.index
}
