import Crypto
package import FeatureCompute
import FeatureModel

/// What stands in the place of an entity that was forgotten: a hash of its id that nobody can make
/// without the project's key, and the time up to which its rows do not count.
package struct Tombstone: Hashable, Codable, Sendable {
    /// The join key that the id is one of.
    package let joinKey: String
    /// HMAC-SHA-256, under the project's key, of the join key's name, a zero byte, and the id: the
    /// digits of a number (of a time its microseconds), else its bytes.
    package let hash: String
    /// Sixteen bits of another keyed hash of the same, which spare other ids the HMAC.
    package let sieve: UInt16
}

/// All tombstones of a project.
package struct Tombstones: Sendable {
    private let key: TombstoneKey?
    private var times: [[UInt8]: Int64] = [:]
    /// One bit for each value of a sieve.
    private var sieve: [UInt64] = []

    /// No tombstones.
    package init() {
        self.key = nil
    }

    init(key: TombstoneKey) {
        self.key = key
    }

    /// Whether nothing was ever forgotten.
    package var isEmpty: Bool { self.times.isEmpty }

    mutating func add(_ tombstone: Tombstone, time: Timestamp) {
        if self.sieve.isEmpty { self.sieve = Array(repeating: 0, count: 1 << 10) }
        self.sieve[Int(tombstone.sieve >> 6)] |= 1 << UInt64(tombstone.sieve & 63)
        let hash = bytes(ofHexadecimal: tombstone.hash)
        self.times[hash] = max(self.times[hash] ?? .min, time.microseconds)
    }

    /// Until when rows with this id do not count.
    ///
    /// - Parameters:
    ///   - joinKey: The name of the join key, as UTF-8.
    ///   - id: The id, as ``append(id:at:to:)`` writes it.
    /// - Returns: The time in microseconds, inclusive; `nil` when the id was not forgotten.
    package func time(ofJoinKey joinKey: [UInt8], id: [UInt8]) -> Int64? {
        guard let key = self.key, !self.times.isEmpty else { return nil }
        let sieve = key.sieve(joinKey, id)
        guard self.sieve[Int(sieve >> 6)] & 1 << UInt64(sieve & 63) != 0 else { return nil }
        return self.times[key.hash(joinKey, id)]
    }

    /// Appends an id as tombstones hash it.
    package static func append(id column: Column, at row: Int, to bytes: inout [UInt8]) {
        switch column.storage {
        case .integers(let values): self.append(id: values[row], to: &bytes)
        case .floats: break
        case .bytes(let values):
            bytes.append(contentsOf: values.bytes[values.range(at: row)])
        }
    }

    /// Appends a whole number, or the microseconds of a time.
    package static func append(id: Int64, to bytes: inout [UInt8]) {
        CellFormatter.append(integer: id, to: &bytes)
    }
}

/// The secret that a project's tombstones are made with.
struct TombstoneKey: Sendable {
    /// How many bytes it has.
    static let size = 32

    private let key: SymmetricKey
    private let seed: UInt64

    /// - Parameter bytes: 32 random bytes.
    init(_ bytes: [UInt8]) {
        self.key = SymmetricKey(data: bytes)
        let code = HMAC<SHA256>.authenticationCode(for: Array("sieve".utf8), using: self.key)
        self.seed = code.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    func tombstone(joinKey: String, id: [UInt8]) -> Tombstone {
        let name = Array(joinKey.utf8)
        return Tombstone(
            joinKey: joinKey,
            hash: hexadecimal(self.hash(name, id)),
            sieve: self.sieve(name, id)
        )
    }

    func hash(_ joinKey: [UInt8], _ id: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: joinKey + [0] + id, using: self.key))
    }

    /// FNV-1a from a secret beginning, mixed at the end.
    func sieve(_ joinKey: [UInt8], _ id: [UInt8]) -> UInt16 {
        var hash = self.seed
        for byte in joinKey {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        hash = (hash ^ 0xFF) &* 0x100_0000_01b3
        for byte in id {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        hash = (hash ^ hash >> 32) &* (self.seed | 1)
        return UInt16(truncatingIfNeeded: hash >> 40)
    }
}

/// The bytes that hexadecimal digits stand for; none for other texts.
func bytes(ofHexadecimal text: String) -> [UInt8] {
    let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return [] }
    return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
}
