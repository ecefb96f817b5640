import FeatureModel
import NativeStorage

// A row of the store; all numbers have their least significant byte first:
//
//   offset
//   0        format byte, 0x01
//   1        schema id                      u16
//   3        event time, µs since 1970      i64
//   11       created or write time, µs      i64    Int64.min: none
//   19       null bits, one per field       ⌈n / 8⌉ bytes; 1 = null
//            bool bits, one per bool field  ⌈b / 8⌉ bytes
//            fixed-width fields             4 bytes: int32, float32
//                                           8 bytes: int64, float64, unix_timestamp (µs)
//            end offsets, one per           u32, counted from the first of the bytes
//            variable field
//            bytes of the variable fields, end to end
//            CRC-32 of everything before    u32
//
// A field's place depends on the schema alone. The bits and bytes of a null field are zero, and so
// are the bits that no field has: equal rows are equal bytes.

/// Numbers of the row format that do not depend on a schema.
enum RowFormat {
    static let version: UInt8 = 1
    static let eventTimeOffset = 3
    static let writeTimeOffset = 11
    static let headerLength = 19
    static let checksumLength = 4
    static let minimumLength = headerLength + checksumLength
}

/// One value in a row.
package enum RowCell: Hashable, Sendable {
    case null
    /// int32, int64, bool (0 or 1), unix_timestamp (microseconds).
    case integer(Int64)
    /// float32 (widened), float64.
    case float(Double)
    /// Where the bytes of all other types lie in the row.
    case bytes(Range<Int>)
}

/// Where each field of a schema lies in a row.
///
/// Made once per schema. Reading a field is one load at a known place.
package struct RowLayout: Sendable {
    /// How a field is stored, and where: the index of its bit, an offset from the row's start, or
    /// its index among the variable fields.
    enum Place: Sendable {
        case bool(bit: Int)
        case int32(offset: Int)
        case int64(offset: Int)
        case float32(offset: Int)
        case float64(offset: Int)
        case variable(index: Int)
    }

    /// Where one field lies; without references, so that a loop over rows keeps it at no cost.
    package struct Field: Sendable {
        /// Its index in the schema.
        let index: Int
        let place: Place
        let boolsStart: Int
        let endsStart: Int
        let bytesStart: Int
    }

    package let schema: RowSchema
    let places: [Place]
    let boolsStart: Int
    let endsStart: Int
    let bytesStart: Int
    let variableCount: Int

    package init(schema: RowSchema) {
        self.schema = schema
        var bools = 0
        var variables = 0
        var fixedLength = 0
        let boolCount = schema.fields.count { $0.type == .bool }
        self.boolsStart = RowFormat.headerLength + (schema.fields.count + 7) / 8
        let fixedStart = self.boolsStart + (boolCount + 7) / 8
        self.places = schema.fields.map { field in
            let offset = fixedStart + fixedLength
            switch field.type {
            case .bool:
                bools += 1
                return .bool(bit: bools - 1)
            case .int32:
                fixedLength += 4
                return .int32(offset: offset)
            case .float32:
                fixedLength += 4
                return .float32(offset: offset)
            case .int64, .unixTimestamp:
                fixedLength += 8
                return .int64(offset: offset)
            case .float64:
                fixedLength += 8
                return .float64(offset: offset)
            case .string, .bytes, .array, .map, .json, .uuid, .decimal:
                variables += 1
                return .variable(index: variables - 1)
            }
        }
        self.endsStart = fixedStart + fixedLength
        self.bytesStart = self.endsStart + 4 * variables
        self.variableCount = variables
    }

    /// Checks a whole row: format, schema id, length, checksum and offsets.
    ///
    /// - Throws: ``OnlineStoreError`` for bytes that ``RowEncoder`` did not make with this schema.
    package func validate(_ row: Span<UInt8>) throws(OnlineStoreError) {
        _ = try RowHeader(validating: row)
        try self.validateOffsets(row)
    }

    /// Checks a row whose checksum is known to be right: format, schema id, length and offsets.
    ///
    /// - Throws: As ``validate(_:)``.
    package func validateOffsets(_ row: Span<UInt8>) throws(OnlineStoreError) {
        let header = try RowHeader(row)
        guard header.schemaID == self.schema.id else {
            throw corruptRow("it has schema \(header.schemaID) instead of \(self.schema.id)")
        }
        let bytesLength = row.count - self.bytesStart - RowFormat.checksumLength
        guard bytesLength >= 0 else { throw corruptRow("it is cut short") }
        var start = 0
        for index in 0..<self.variableCount {
            let end = Int(row.littleEndian(at: self.endsStart + 4 * index, as: UInt32.self))
            guard end >= start, end <= bytesLength else {
                throw corruptRow("a field ends where it cannot")
            }
            start = end
        }
        guard start == bytesLength else { throw corruptRow("it has bytes of no field") }
    }

    /// The value of the field with that index in the schema; see ``Field/cell(in:)``.
    ///
    /// - Precondition: The schema has such a field.
    package func cell(
        _ fieldIndex: Int,
        in row: Span<UInt8>
    ) throws(OnlineStoreError) -> RowCell {
        try self.field(fieldIndex).cell(in: row)
    }

    /// Where the field with that index in the schema lies.
    ///
    /// - Precondition: The schema has such a field.
    package func field(_ index: Int) -> Field {
        Field(
            index: index,
            place: self.places[index],
            boolsStart: self.boolsStart,
            endsStart: self.endsStart,
            bytesStart: self.bytesStart
        )
    }
}

extension RowLayout.Field {
    /// The value of the field in a row.
    ///
    /// Checks that the cell lies in the row, but not the row's checksum: see
    /// ``RowLayout/validate(_:)``.
    ///
    /// - Throws: ``OnlineStoreError`` when the row is too short for the field.
    package func cell(in row: Span<UInt8>) throws(OnlineStoreError) -> RowCell {
        guard row.count >= self.bytesStart + RowFormat.checksumLength else {
            throw corruptRow("it is cut short")
        }
        let nullByte = row[RowFormat.headerLength + self.index >> 3]
        if nullByte >> (self.index & 7) & 1 == 1 {
            return .null
        }
        switch self.place {
        case .bool(let bit):
            return .integer(Int64(row[self.boolsStart + bit >> 3] >> (bit & 7) & 1))
        case .int32(let offset):
            return .integer(Int64(row.littleEndian(at: offset, as: Int32.self)))
        case .int64(let offset):
            return .integer(row.littleEndian(at: offset, as: Int64.self))
        case .float32(let offset):
            let bits = row.littleEndian(at: offset, as: UInt32.self)
            return .float(Double(Float(bitPattern: bits)))
        case .float64(let offset):
            return .float(Double(bitPattern: row.littleEndian(at: offset, as: UInt64.self)))
        case .variable(let index):
            return .bytes(try self.bytesRange(index, in: row))
        }
    }

    private func bytesRange(
        _ index: Int,
        in row: Span<UInt8>
    ) throws(OnlineStoreError) -> Range<Int> {
        let position = self.endsStart + 4 * index
        let end = Int(row.littleEndian(at: position, as: UInt32.self))
        let start = index == 0 ? 0 : Int(row.littleEndian(at: position - 4, as: UInt32.self))
        let bytesLength = row.count - self.bytesStart - RowFormat.checksumLength
        guard start <= end, end <= bytesLength else {
            throw corruptRow("a field ends where it cannot")
        }
        return (self.bytesStart + start)..<(self.bytesStart + end)
    }
}

/// An error for bytes that are no row.
func corruptRow(_ reason: String) -> OnlineStoreError {
    OnlineStoreError(
        .corruptRow,
        "a row of the online store cannot be read: \(reason); load the view again to replace it"
    )
}
