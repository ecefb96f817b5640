import FeatureCompute
import FeatureModel
package import FeatureStoreKit

/// Writes an answer as one matrix of float32 for those who feed tensors.
///
/// Every number is little-endian. The header has 64 bytes; the parts follow in this order, each at
/// the offset that the header names, which for the values is a multiple of 64, and for the counts
/// of 8:
///
/// ```
///  0 "fstf32"  6 version u16 = 1
///  8 rows u64                      16 features u64
/// 24 offset of the values          32 offset of the nulls
/// 40 offset of the statuses        48 offset of the counts of rounded values
/// 56 offset of the names
///
/// values    f32 [rows, features]   row by row; a null is NaN
/// rounded   u64 [features]         how many values of a feature float32 does not hold exactly
/// statuses  u8  [rows, features]   Feast's numbers: 1 PRESENT, 2 NULL_VALUE, 3 NOT_FOUND,
///                                  4 OUTSIDE_MAX_AGE
/// nulls     a bit a value          bit row × features + feature, the lowest bit of a byte first;
///                                  1 for null
/// names     UTF-8, to the end      a JSON array of the features' names, in their order
/// ```
///
/// The rows are those of the request, in its order; the features come in the order asked for. The
/// join keys are not repeated. Numbers are rounded to the nearest float32, beyond its range to an
/// infinity; booleans are 0 and 1; times are seconds since 1970.
package enum FeatureMatrixEncoder {
    /// The media type that asks for the matrix.
    package static let contentType = "application/x-fstore-f32"
    private static let headerSize = 64
    private static let version: UInt16 = 1
    /// So many rows of all columns are written before the next: they stay in the cache.
    private static let rowsOfTile = 256

    /// The features that have no place in a matrix of numbers, with their types.
    package static func unfit(
        _ features: OnlineFeatures
    ) -> [(name: String, type: ValueType)] {
        features.features.lazy
            .map { (name: $0.name, type: $0.values.type) }
            .filter { $0.type.physicalType == .bytes }
    }

    /// The matrix of features of which none is ``unfit(_:)``.
    ///
    /// - Complexity: O(rows × features), two allocations.
    package static func encode(_ features: OnlineFeatures) -> [UInt8] {
        let columns = features.features
        let cells = features.rowCount * columns.count
        let names = Self.names(of: columns)
        let rounded = (Self.headerSize + cells * 4 + 7) / 8 * 8
        let statuses = rounded + columns.count * 8
        let nulls = statuses + cells
        let namesStart = nulls + (cells + 7) / 8
        var bytes = [UInt8](repeating: 0, count: namesStart + names.count)
        var output = bytes.mutableSpan
        for (index, byte) in "fstf32".utf8.enumerated() { output[index] = byte }
        // Any bytes are good bytes here, and every store is checked to be within them.
        var raw = unsafe output.mutableBytes
        raw.store(Self.version, at: 6)
        let header = [
            features.rowCount, columns.count, Self.headerSize, nulls, statuses, rounded, namesStart,
        ]
        for (index, value) in header.enumerated() {
            raw.store(UInt64(value), at: 8 + index * 8)
        }
        for (index, byte) in names.enumerated() {
            raw.store(byte, at: namesStart + index)
        }
        var counts = [UInt64](repeating: 0, count: columns.count)
        for start in stride(from: 0, to: features.rowCount, by: Self.rowsOfTile) {
            let tile = start..<min(start + Self.rowsOfTile, features.rowCount)
            for (index, column) in columns.enumerated() {
                let place = MatrixColumn(
                    index: index,
                    width: columns.count,
                    values: Self.headerSize,
                    statuses: statuses,
                    nulls: nulls
                )
                counts[index] += place.write(column, rows: tile, to: &raw)
            }
        }
        for (index, count) in counts.enumerated() {
            raw.store(count, at: rounded + index * 8)
        }
        return bytes
    }

    /// The names as a JSON array: `["conv_rate","acc_rate"]`.
    private static func names(of columns: [OnlineFeatures.FeatureColumn]) -> [UInt8] {
        var names: [UInt8] = [UInt8(ascii: "[")]
        for (index, column) in columns.enumerated() {
            if index > 0 { names.append(UInt8(ascii: ",")) }
            names.append(jsonString: column.name)
        }
        names.append(UInt8(ascii: "]"))
        return names
    }
}

/// Where the cells of one column lie.
private struct MatrixColumn {
    let index: Int
    /// How many columns there are.
    let width: Int
    let values: Int
    let statuses: Int
    let nulls: Int

    /// Writes some rows of the column.
    ///
    /// - Returns: How many of the values were rounded.
    func write(
        _ column: OnlineFeatures.FeatureColumn,
        rows: Range<Int>,
        to raw: inout MutableRawSpan
    ) -> UInt64 {
        let rounded =
            switch column.values.storage {
            case .integers(let values):
                if column.values.type == .unixTimestamp {
                    self.write(times: values.span, rows: rows, to: &raw)
                } else {
                    self.write(integers: values.span, rows: rows, to: &raw)
                }
            case .floats(let values):
                self.write(floats: values.span, rows: rows, to: &raw)
            case .bytes:
                preconditionFailure("what is no number was refused before")
            }
        self.write(column.statuses.span, rows: rows, to: &raw)
        if let nulls = column.values.nulls {
            for row in rows where nulls[row] {
                let cell = row * self.width + self.index
                raw.store(Float.nan.bitPattern, at: self.values + cell * 4)
                let place = self.nulls + cell >> 3
                let byte = unsafe raw.bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self)
                raw.store(byte | 1 << UInt8(cell & 7), at: place)
            }
        }
        return rounded
    }

    private func write(
        integers: Span<Int64>,
        rows: Range<Int>,
        to raw: inout MutableRawSpan
    ) -> UInt64 {
        var rounded: UInt64 = 0
        for row in rows {
            let value = integers[row]
            let single = Float(value)
            if Int64(exactly: single) != value { rounded += 1 }
            raw.store(single.bitPattern, at: self.values + (row * self.width + self.index) * 4)
        }
        return rounded
    }

    private func write(
        times: Span<Int64>,
        rows: Range<Int>,
        to raw: inout MutableRawSpan
    ) -> UInt64 {
        var rounded: UInt64 = 0
        for row in rows {
            let microseconds = times[row]
            let single = Float(Double(microseconds) / 1_000_000)
            // The product is exact: 24 bits times 14.
            if Int64(exactly: Double(single) * 1_000_000) != microseconds { rounded += 1 }
            raw.store(single.bitPattern, at: self.values + (row * self.width + self.index) * 4)
        }
        return rounded
    }

    private func write(
        floats: Span<Double>,
        rows: Range<Int>,
        to raw: inout MutableRawSpan
    ) -> UInt64 {
        var rounded: UInt64 = 0
        for row in rows {
            let value = floats[row]
            let single = Float(value)
            if Double(single) != value, !value.isNaN { rounded += 1 }
            let bits = value.isNaN ? Float.nan.bitPattern : single.bitPattern
            raw.store(bits, at: self.values + (row * self.width + self.index) * 4)
        }
        return rounded
    }

    private func write(
        _ statuses: Span<FeatureStatus>,
        rows: Range<Int>,
        to raw: inout MutableRawSpan
    ) {
        for row in rows {
            let place = self.statuses + row * self.width + self.index
            // Feast counts from 1; 0 is its INVALID.
            raw.store(statuses[row].rawValue + 1, at: place)
        }
    }
}

extension MutableRawSpan {
    /// Writes a number, lowest byte first.
    @_lifetime(self: copy self)
    fileprivate mutating func store<Number: FixedWidthInteger & BitwiseCopyable>(
        _ number: Number,
        at offset: Int
    ) {
        self.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self)
    }
}
