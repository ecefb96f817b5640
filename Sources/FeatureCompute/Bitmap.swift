/// One bit a row, 64 to a word.
package struct Bitmap: Hashable, Sendable {
    /// The bits, the first in the lowest place; those beyond the last are zero.
    package private(set) var words: [UInt64]
    /// How many bits there are.
    package private(set) var count: Int

    /// `count` bits of one value.
    package init(repeating value: Bool = false, count: Int = 0) {
        self.words = Array(repeating: value ? .max : 0, count: (count + 63) / 64)
        self.count = count
    }

    /// The bit of a row.
    package subscript(index: Int) -> Bool {
        get { self.words[index >> 6] >> UInt64(index & 63) & 1 == 1 }
        set {
            let mask: UInt64 = 1 << UInt64(index & 63)
            if newValue {
                self.words[index >> 6] |= mask
            } else {
                self.words[index >> 6] &= ~mask
            }
        }
    }

    /// Adds a bit at the end.
    package mutating func append(_ value: Bool) {
        if self.count & 63 == 0 {
            self.words.append(0)
        }
        self.count += 1
        if value {
            self[self.count - 1] = true
        }
    }

    /// Adds bits that are not set at the end.
    package mutating func appendFalse(count: Int) {
        self.count += count
        self.words.append(
            contentsOf: repeatElement(0, count: (self.count + 63) / 64 - self.words.count)
        )
    }

    /// Drops bits at the end, so that `count` are left.
    package mutating func truncate(to count: Int) {
        guard count < self.count else { return }
        for index in count..<min(self.count, (count + 63) / 64 * 64) {
            self[index] = false
        }
        self.words.removeLast(self.words.count - (count + 63) / 64)
        self.count = count
    }

    /// Sets every bit that is set in another bitmap of the same length.
    package mutating func formUnion(_ other: Bitmap) {
        precondition(other.count == self.count, "one length for both")
        for index in self.words.indices {
            self.words[index] |= other.words[index]
        }
    }

    package mutating func reserveCapacity(_ capacity: Int) {
        self.words.reserveCapacity((capacity + 63) / 64)
    }
}
