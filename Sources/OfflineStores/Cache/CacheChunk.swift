import FeatureCompute
import FeatureModel

/// How the values of a chunk are written.
enum CacheEncoding: UInt8 {
    /// Whole numbers: `base + number × 10^exponent`.
    case integers = 1
    /// The eight bytes of each number.
    case floats
    /// The four bytes of each number of single precision.
    case singles
    /// Decimal fractions: `(base + number) ÷ 10^exponent`.
    case decimals
    /// Where each text ends, and the texts end to end.
    case texts
    /// Where each different text ends, the number of the text of each row, and the texts.
    case dictionary
}

/// The powers of ten that decimals are divided by.
let cachePowersOfTen: [Double] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
/// The exponent that makes microseconds of seconds, and the power itself.
let cacheSecondExponent = 6
let cacheSecond: Int64 = 1_000_000

/// The values of one column in one group of rows, where they lie in a buffer.
///
/// ```text
/// byte 0      encoding
/// byte 1      width of a number: 0, 1, 2, 4 or 8 bytes; of an end: 2 or 4
/// byte 2      1 when there are null bits
/// byte 3      exponent of ten
/// bytes 4-7   how many different texts a dictionary has
/// bytes 8-15  base
/// then        null bits, one a row, when there are any
/// then        numbers, or ends; of a dictionary the ends and then one byte a row
/// then        texts
/// then        zeros, up to a multiple of eight bytes
/// ```
///
/// All numbers are little-endian and unsigned but the base. A null has zero or nothing in its
/// place.
struct CacheChunk {
    static let headerSize = 16
    /// How many different texts a dictionary has at most.
    static let maximumDistinct = 256

    let encoding: CacheEncoding
    private let width: Int
    private let exponent: Int
    private let base: Int64
    private let rowCount: Int
    /// Where the null bits begin; `nil` when there are none.
    private let nulls: Int?
    /// Where numbers or ends begin.
    private let numbers: Int
    /// Where the number of each row's text begins.
    private let codes: Int
    /// Where the texts begin.
    private let texts: Int

    /// Looks where everything lies, and that it lies within the chunk; `nil` when it is no such
    /// chunk.
    ///
    /// - Parameters:
    ///   - bytes: A buffer, which holds the chunk at `range`.
    ///   - range: The chunk, whose checksum is right.
    ///   - rowCount: How many rows the group has.
    ///   - type: What the column holds.
    init?(_ bytes: [UInt8], _ range: Range<Int>, rowCount: Int, type: PhysicalType) {
        let start = range.lowerBound
        guard range.count >= Self.headerSize, let encoding = CacheEncoding(rawValue: bytes[start])
        else { return nil }
        self.encoding = encoding
        self.width = Int(bytes[start + 1])
        self.exponent = Int(bytes[start + 3])
        self.base = Int64(bitPattern: bytes.word(at: start + 8))
        self.rowCount = rowCount
        var position = start + Self.headerSize
        self.nulls = bytes[start + 2] == 0 ? nil : position
        if self.nulls != nil { position += (rowCount + 7) / 8 }
        self.numbers = position
        let distinct = Int(truncatingIfNeeded: bytes.word(at: start + 4) & 0xFFFF_FFFF)
        let isText = encoding == .texts || encoding == .dictionary
        let widths =
            switch encoding {
            case .texts, .dictionary: [2, 4]
            case .integers, .decimals: [0, 1, 2, 4, 8]
            case .floats: [8]
            case .singles: [4]
            }
        guard isText == (type == .bytes), (encoding == .integers) == (type == .integer),
            distinct <= Self.maximumDistinct, self.exponent < cachePowersOfTen.count,
            widths.contains(self.width)
        else { return nil }
        let ends = encoding == .dictionary ? distinct : rowCount
        position += ends * self.width
        self.codes = position
        if encoding == .dictionary { position += rowCount }
        self.texts = position
        guard position <= range.upperBound else { return nil }
        guard isText else { return }
        var end = 0
        for index in 0..<ends {
            let next = self.end(index, in: bytes)
            guard next >= end else { return nil }
            end = next
        }
        guard position + end <= range.upperBound else { return nil }
        guard encoding == .dictionary else { return }
        for row in 0..<rowCount where Int(bytes[self.codes + row]) >= distinct { return nil }
    }

    /// Adds the values of some rows to cells of the column's type.
    ///
    /// - Parameters:
    ///   - rows: Rows of the group, in any order.
    ///   - bytes: The buffer that the chunk lies in.
    ///   - cells: Gets the values.
    func append(_ rows: [Int32], from bytes: [UInt8], to cells: inout CacheCells) {
        let first = cells.count
        switch self.encoding {
        case .integers: self.appendIntegers(rows, from: bytes, to: &cells.integers)
        case .floats, .singles, .decimals: self.appendFloats(rows, from: bytes, to: &cells.floats)
        case .texts, .dictionary: self.appendTexts(rows, from: bytes, to: &cells.bytes)
        }
        cells.count = first + rows.count
        guard let nulls = self.nulls else {
            cells.appendValidity(rows.count)
            return
        }
        for (index, row) in rows.enumerated() {
            let isNull = bytes[nulls + Int(row) >> 3] >> UInt8(row & 7) & 1 == 1
            cells.append(isNull: isNull, at: first + index)
        }
    }

    private func appendIntegers(
        _ rows: [Int32],
        from bytes: [UInt8],
        to values: inout [Int64]
    ) {
        let (base, numbers) = (self.base, self.numbers)
        let hasSeconds = self.encoding == .integers && self.exponent == cacheSecondExponent
        let scale = hasSeconds ? cacheSecond : 1
        unsafe bytes.withUnsafeBytes { bytes in
            switch self.width {
            case 0:
                values.append(contentsOf: repeatElement(base, count: rows.count))
            case 1:
                for row in rows {
                    let number = Int64(unsafe bytes[numbers + Int(row)])
                    values.append(base &+ number &* scale)
                }
            case 2:
                for row in rows {
                    let place = numbers + Int(row) * 2
                    let number = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt16.self)
                    values.append(base &+ Int64(number) &* scale)
                }
            case 4:
                for row in rows {
                    let place = numbers + Int(row) * 4
                    let number = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                    values.append(base &+ Int64(number) &* scale)
                }
            default:
                for row in rows {
                    let place = numbers + Int(row) * 8
                    let number = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                    values.append(base &+ Int64(bitPattern: number) &* scale)
                }
            }
        }
    }

    private func appendFloats(_ rows: [Int32], from bytes: [UInt8], to values: inout [Double]) {
        if self.encoding == .decimals {
            let power = cachePowersOfTen[self.exponent]
            var integers: [Int64] = []
            integers.reserveCapacity(rows.count)
            self.appendIntegers(rows, from: bytes, to: &integers)
            for integer in integers { values.append(Double(integer) / power) }
            return
        }
        let numbers = self.numbers
        unsafe bytes.withUnsafeBytes { bytes in
            if self.encoding == .singles {
                for row in rows {
                    let place = numbers + Int(row) * 4
                    let bits = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                    values.append(Double(Float(bitPattern: bits)))
                }
            } else {
                for row in rows {
                    let place = numbers + Int(row) * 8
                    let bits = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                    values.append(Double(bitPattern: bits))
                }
            }
        }
    }

    private func appendTexts(
        _ rows: [Int32],
        from bytes: [UInt8],
        to values: inout Column.ByteStorage
    ) {
        for row in rows {
            let index =
                self.encoding == .dictionary ? Int(bytes[self.codes + Int(row)]) : Int(row)
            let start = index == 0 ? 0 : self.end(index - 1, in: bytes)
            let end = self.end(index, in: bytes)
            values.bytes.append(
                span: bytes.span.extracting((self.texts + start)..<(self.texts + end))
            )
            values.ends.append(values.bytes.count)
        }
    }

    private func end(_ index: Int, in bytes: [UInt8]) -> Int {
        let place = self.numbers + index * self.width
        let low = Int(bytes[place]) | Int(bytes[place + 1]) << 8
        return self.width == 2
            ? low : low | Int(bytes[place + 2]) << 16 | Int(bytes[place + 3]) << 24
    }
}

extension [UInt8] {
    /// Eight bytes as a little-endian number.
    func word(at position: Int) -> UInt64 {
        precondition(position >= 0 && position + 8 <= self.count, "a word lies within the bytes")
        return unsafe self.withUnsafeBytes { bytes in
            let word = unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            return UInt64(littleEndian: word)
        }
    }

    /// Appends a number as eight bytes, little-endian.
    mutating func append(word: UInt64) {
        var rest = word
        for _ in 0..<8 {
            self.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
