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
    /// One, and those of projects whose snapshots were restored.
    private let keys: [TombstoneKey]
    /// The join keys of which ids were forgotten.
    package private(set) var joinKeys: Set<String> = []
    private var times: [[UInt8]: Int64] = [:]
    /// One bit for each value of a sieve.
    private var sieve: [UInt64] = []

    /// No tombstones.
    package init() {
        self.keys = []
    }

    init(keys: [TombstoneKey]) {
        self.keys = keys
    }

    /// Whether nothing was ever forgotten.
    package var isEmpty: Bool { self.times.isEmpty }

    mutating func add(_ tombstone: Tombstone, time: Timestamp) {
        if self.sieve.isEmpty { self.sieve = Array(repeating: 0, count: 1 << 10) }
        self.sieve[Int(tombstone.sieve >> 6)] |= 1 << UInt64(tombstone.sieve & 63)
        self.joinKeys.insert(tombstone.joinKey)
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
        guard !self.times.isEmpty else { return nil }
        var latest: Int64?
        for key in self.keys {
            guard self.mayHave(sieve: key.sieve(joinKey, id)),
                let time = self.times[key.hash(joinKey, id)]
            else { continue }
            latest = max(latest ?? .min, time)
        }
        return latest
    }

    private func mayHave(sieve: UInt16) -> Bool {
        self.sieve[Int(sieve >> 6)] & 1 << UInt64(sieve & 63) != 0
    }

    /// The longest text that is searched for ids: each part of it may be one.
    private static let maximumTextCount = 4096

    /// Whether a text has an id in it that was forgotten, of any join key.
    ///
    /// - Parameters:
    ///   - text: The text, as UTF-8.
    ///   - isWhole: Whether the part at some places is one that an id may be.
    /// - Returns: Whether it has; `true` for one of more than 4,096 bytes, which nobody searches.
    /// - Complexity: O(n²): a keyed hash of a few instructions for each part of the text.
    package func isMentioned(
        in text: [UInt8],
        where isWhole: (Range<Int>) -> Bool
    ) -> Bool {
        guard !self.times.isEmpty else { return false }
        guard text.count <= Self.maximumTextCount else { return true }
        for key in self.keys {
            for joinKey in self.joinKeys {
                let name = Array(joinKey.utf8)
                let seed = key.hashState(ofJoinKey: name)
                for start in text.indices {
                    var state = seed
                    for end in start..<text.count {
                        state = TombstoneKey.hashState(state, adding: text[end])
                        guard self.mayHave(sieve: key.sieve(of: state)),
                            isWhole(start..<end + 1),
                            self.times[key.hash(name, Array(text[start...end]))] != nil
                        else { continue }
                        return true
                    }
                }
            }
        }
        return false
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
struct TombstoneKey: Equatable, Sendable {
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

    /// What proves that bytes were written by somebody who has the secret.
    ///
    /// No join key begins with a zero byte, so that no tombstone is one.
    func seal(of bytes: [UInt8]) -> String {
        hexadecimal(Array(HMAC<SHA256>.authenticationCode(for: [0] + bytes, using: self.key)))
    }

    /// The line of the secret in its file.
    var line: [UInt8] {
        let secret = unsafe self.key.withUnsafeBytes { bytes in unsafe Array(bytes) }
        return Array((hexadecimal(secret) + "\n").utf8)
    }

    /// FNV-1a from a secret beginning, mixed at the end.
    func sieve(_ joinKey: [UInt8], _ id: [UInt8]) -> UInt16 {
        var hash = self.hashState(ofJoinKey: joinKey)
        for byte in id { hash = Self.hashState(hash, adding: byte) }
        return self.sieve(of: hash)
    }

    /// What the sieve of an id begins with.
    func hashState(ofJoinKey joinKey: [UInt8]) -> UInt64 {
        var hash = self.seed
        for byte in joinKey { hash = Self.hashState(hash, adding: byte) }
        return Self.hashState(hash, adding: 0xFF)
    }

    /// The same with one more byte.
    static func hashState(_ hash: UInt64, adding byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }

    /// The sieve of what was added.
    func sieve(of hash: UInt64) -> UInt16 {
        let mixed = (hash ^ hash >> 32) &* (self.seed | 1)
        return UInt16(truncatingIfNeeded: mixed >> 40)
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
