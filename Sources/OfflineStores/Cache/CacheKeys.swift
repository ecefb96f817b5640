import FeatureCompute
import FeatureModel
import NativeStorage

/// Different keys, one after the other.
///
/// One integer or time is its own key, and keys go by its value; any other key goes by its
/// canonical bytes, as `KeyDictionary` writes them, byte by byte.
struct CacheKeys: Sendable {
    /// Whether a key is one integer.
    let isInteger: Bool
    private(set) var integers: [Int64] = []
    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []

    init(isInteger: Bool) {
        self.isInteger = isInteger
    }

    init(keyTypes: [ValueType]) {
        self.init(isInteger: keyTypes.count == 1 && keyTypes[0].physicalType == .integer)
    }

    var count: Int { self.isInteger ? self.integers.count : self.ends.count }

    /// About how many bytes the keys take.
    var size: Int { self.integers.count * 8 + self.bytes.count + self.ends.count * 8 }

    /// Where a key lies among the bytes.
    func range(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : self.ends[index - 1])..<self.ends[index]
    }

    mutating func append(_ key: Int64) {
        self.integers.append(key)
    }

    mutating func append(_ key: Span<UInt8>) {
        self.bytes.append(span: key)
        self.ends.append(self.bytes.count)
    }

    /// Adds a key of others.
    mutating func append(_ index: Int, of other: CacheKeys) {
        if self.isInteger {
            self.integers.append(other.integers[index])
        } else {
            self.append(other.bytes.span.extracting(other.range(index)))
        }
    }

    /// How a key compares with one of others: less than, equal to or greater than zero.
    func order(_ index: Int, _ other: CacheKeys, _ otherIndex: Int) -> Int {
        if self.isInteger {
            let (left, right) = (self.integers[index], other.integers[otherIndex])
            return left < right ? -1 : left == right ? 0 : 1
        }
        return compareBytes(
            self.bytes.span.extracting(self.range(index)),
            other.bytes.span.extracting(other.range(otherIndex))
        )
    }

    /// The numbers of the keys in ascending order of the keys.
    func sorted() -> [Int32] {
        if self.isInteger {
            return self.integers.indices.map { (self.integers[$0], Int32($0)) }
                .sorted { $0.0 < $1.0 }.map(\.1)
        }
        return (0..<Int32(self.count)).sorted { self.order(Int($0), self, Int($1)) < 0 }
    }

    // MARK: Bytes of a file

    /// Appends the keys to bytes.
    func append(to target: inout [UInt8]) {
        if self.isInteger {
            for key in self.integers { target.append(word: UInt64(bitPattern: key)) }
            return
        }
        for end in self.ends { target.append(word: UInt64(end)) }
        target.append(contentsOf: self.bytes)
        while target.count % 8 != 0 { target.append(0) }
    }

    /// Reads keys that ``append(to:)`` wrote.
    ///
    /// - Returns: `nil` when they cannot be such keys.
    init?(_ words: inout CacheWords, count: Int, isInteger: Bool) {
        self.isInteger = isInteger
        for _ in 0..<count {
            guard let word = words.next() else { return nil }
            if isInteger {
                self.integers.append(Int64(bitPattern: word))
            } else {
                guard let end = Int(exactly: word), end >= self.ends.last ?? 0 else { return nil }
                self.ends.append(end)
            }
        }
        guard !isInteger else { return }
        let size = self.ends.last ?? 0
        guard let bytes = words.next(bytes: size), words.next(bytes: -size & 7) != nil else {
            return nil
        }
        self.bytes = Array(bytes)
    }

    /// The key columns of some keys.
    ///
    /// - Parameters:
    ///   - indices: The keys, any number of times.
    ///   - types: The types of the columns, to which the keys fit.
    /// - Returns: `nil` when the bytes of a key are none of these types.
    func columns(_ indices: [Int32], types: [ValueType]) -> [Column]? {
        if self.isInteger {
            let values = indices.map { self.integers[Int($0)] }
            return [Column(type: types[0], storage: .integers(values), nulls: nil)]
        }
        var builders = types.map { ColumnBuilder(type: $0) }
        for index in indices {
            let range = self.range(Int(index))
            var position = range.lowerBound
            for column in types.indices {
                guard position + 8 <= range.upperBound else { return nil }
                let word = self.bytes.word(at: position)
                position += 8
                if types[column].physicalType == .integer {
                    builders[column].append(integer: Int64(bitPattern: word))
                } else {
                    guard let count = Int(exactly: word), count <= range.upperBound - position
                    else { return nil }
                    builders[column].append(
                        bytes: self.bytes.span.extracting(position..<(position + count))
                    )
                    position += count
                }
            }
        }
        return builders.map { $0.finish() }
    }
}
