/// The keys of one read, end to end in one buffer that is used again and again.
///
/// ```swift
/// keys.removeAll()
/// encoder.begin(into: &keys.bytes)
/// encoder.append(integer: 1001, into: &keys.bytes)
/// encoder.finish(into: &keys.bytes)
/// keys.endKey()
/// ```
package struct KeyBatch: Sendable {
    /// The bytes of all keys.
    package var bytes: [UInt8] = []
    /// Where each key ends, `[n]`.
    package private(set) var ends: [Int] = []

    package init() {}

    /// A batch of whole keys.
    init(_ keys: [[UInt8]]) {
        for key in keys {
            self.bytes.append(contentsOf: key)
            self.endKey()
        }
    }

    /// The number of keys.
    package var count: Int { self.ends.count }

    /// Ends a key at the end of the bytes.
    package mutating func endKey() {
        self.ends.append(self.bytes.count)
    }

    /// Ends keys of one length, of which the last ends at the end of the bytes.
    mutating func endKeys(count: Int, length: Int) {
        var end = self.bytes.count - count * length
        for _ in 0..<count {
            end += length
            self.ends.append(end)
        }
    }

    /// Adds all keys of another batch.
    mutating func append(contentsOf other: KeyBatch) {
        let start = self.bytes.count
        self.bytes.append(contentsOf: other.bytes)
        for end in other.ends {
            self.ends.append(start + end)
        }
    }

    /// Forgets the keys and keeps the memory.
    package mutating func removeAll() {
        self.bytes.removeAll(keepingCapacity: true)
        self.ends.removeAll(keepingCapacity: true)
    }

    /// Where the key of that index lies in the bytes.
    func range(at index: Int) -> Range<Int> {
        (index == 0 ? 0 : self.ends[index - 1])..<self.ends[index]
    }
}
