package import FeatureModel

/// Numbers the different keys of a set of join keys densely, from 0, in the order they come.
///
/// A single integer or time is its own key; anything else goes by its canonical bytes, as
/// ``appendInteger(_:to:)`` and ``appendBytes(_:to:)`` write them, key column by key column. A null
/// component makes no key at all: its rows have the id -1, which equals nothing.
///
/// Open addressing with linear probing, at most half full; the bytes of all keys lie end to end.
package struct KeyDictionary: Sendable {
    /// Whether a key is one integer; otherwise it is bytes.
    package let isInteger: Bool
    /// How many different keys there are.
    package private(set) var count = 0
    /// The id in each slot, or -1.
    private var slots: [Int32]
    private var integers: [Int64] = []
    private var hashes: [UInt64] = []
    private var arena: [UInt8] = []
    private var ends: [Int] = []

    /// An empty dictionary for key columns of these types; no columns have one key, the empty one.
    package init(keyTypes: [ValueType]) {
        self.isInteger = keyTypes.count == 1 && keyTypes[0].physicalType == .integer
        self.slots = Array(repeating: -1, count: 64)
    }

    /// Appends the canonical bytes of an integer or time: eight, little-endian.
    package static func appendInteger(_ value: Int64, to key: inout [UInt8]) {
        var bits = UInt64(bitPattern: value)
        for _ in 0..<8 {
            key.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
        }
    }

    /// Appends the canonical bytes of a string or bytes: the length in eight bytes, then itself.
    package static func appendBytes(_ bytes: Span<UInt8>, to key: inout [UInt8]) {
        self.appendInteger(Int64(bytes.count), to: &key)
        key.append(span: bytes)
    }

    /// The key with an id, where keys are integers.
    package func integer(of id: Int32) -> Int64 {
        self.integers[Int(id)]
    }

    /// The canonical bytes of the key with an id, where keys are bytes.
    package func withBytes(of id: Int32, _ body: (Span<UInt8>) -> Void) {
        let start = id == 0 ? 0 : self.ends[Int(id) - 1]
        body(self.arena.span.extracting(start..<self.ends[Int(id)]))
    }

    /// The id of a key; -1 when it is not there.
    package func id(of key: Int64) -> Int32 {
        var slot = self.slot(of: Self.hash(key))
        while true {
            let id = self.slots[slot]
            if id < 0 || self.integers[Int(id)] == key { return id }
            slot = (slot + 1) & (self.slots.count - 1)
        }
    }

    /// Appends the ids of many keys; -1 for those that are not there.
    package func appendIDs(of keys: [Int64], to ids: inout [Int32]) {
        let base = ids.count
        ids.append(contentsOf: repeatElement(-1, count: keys.count))
        var output = ids.mutableSpan
        // Copies of the references, so that the loop need not count any.
        let slotArray = self.slots
        let integerArray = self.integers
        let slots = slotArray.span
        let integers = integerArray.span
        let mask = slots.count &- 1
        for index in keys.indices {
            let key = keys[index]
            var slot = Int(truncatingIfNeeded: Self.hash(key)) & mask
            while true {
                let id = slots[slot]
                if id < 0 { break }
                if integers[Int(id)] == key {
                    output[base &+ index] = id
                    break
                }
                slot = (slot &+ 1) & mask
            }
        }
    }

    /// The id of a key, which is added when it is new.
    package mutating func insert(_ key: Int64) -> Int32 {
        var slot = self.slot(of: Self.hash(key))
        while true {
            let id = self.slots[slot]
            if id < 0 { break }
            if self.integers[Int(id)] == key { return id }
            slot = (slot + 1) & (self.slots.count - 1)
        }
        self.integers.append(key)
        return self.occupy(slot)
    }

    /// The id of a key; -1 when it is not there.
    package func id(of key: Span<UInt8>) -> Int32 {
        let hash = Self.hash(key)
        var slot = self.slot(of: hash)
        while true {
            let id = self.slots[slot]
            if id < 0 || self.isKey(key, hash: hash, id: Int(id)) { return id }
            slot = (slot + 1) & (self.slots.count - 1)
        }
    }

    /// The id of a key, which is added when it is new.
    package mutating func insert(_ key: Span<UInt8>) -> Int32 {
        let hash = Self.hash(key)
        var slot = self.slot(of: hash)
        while true {
            let id = self.slots[slot]
            if id < 0 { break }
            if self.isKey(key, hash: hash, id: Int(id)) { return id }
            slot = (slot + 1) & (self.slots.count - 1)
        }
        self.arena.append(span: key)
        self.ends.append(self.arena.count)
        self.hashes.append(hash)
        return self.occupy(slot)
    }

    /// The integer that has an id, in a dictionary of integers.
    package func integer(ofID id: Int) -> Int64 { self.integers[id] }

    /// The canonical bytes that have an id, in a dictionary of bytes.
    package func bytes(ofID id: Int) -> ArraySlice<UInt8> {
        self.arena[(id == 0 ? 0 : self.ends[id - 1])..<self.ends[id]]
    }

    private mutating func occupy(_ slot: Int) -> Int32 {
        let id = Int32(self.count)
        self.slots[slot] = id
        self.count += 1
        if self.count * 2 > self.slots.count {
            self.grow()
        }
        return id
    }

    private mutating func grow() {
        self.slots = Array(repeating: -1, count: self.slots.count * 4)
        for id in 0..<self.count {
            var slot = self.slot(
                of: self.isInteger ? Self.hash(self.integers[id]) : self.hashes[id]
            )
            while self.slots[slot] >= 0 {
                slot = (slot + 1) & (self.slots.count - 1)
            }
            self.slots[slot] = Int32(id)
        }
    }

    private func slot(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (self.slots.count - 1)
    }

    private func isKey(_ key: Span<UInt8>, hash: UInt64, id: Int) -> Bool {
        guard self.hashes[id] == hash else { return false }
        let start = id == 0 ? 0 : self.ends[id - 1]
        guard self.ends[id] - start == key.count else { return false }
        for index in key.indices where self.arena[start + index] != key[index] {
            return false
        }
        return true
    }

    /// The finalizer of SplitMix64: every bit of the key reaches every bit of the hash.
    private static func hash(_ key: Int64) -> UInt64 {
        var value = UInt64(bitPattern: key)
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// FNV-1a, then the finalizer above.
    private static func hash(_ key: Span<UInt8>) -> UInt64 {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in key.indices {
            value = (value ^ UInt64(key[index])) &* 0x100_0000_01B3
        }
        return self.hash(Int64(bitPattern: value))
    }
}
