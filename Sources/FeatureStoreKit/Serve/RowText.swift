import FeatureCompute
import FeatureModel
import OnlineStores

// The text of a row, which is kept beside rows in memory so that an answer is copies of texts:
//
//   +--------------------------+----------------+------------------------------------+
//   | ends, one u16 per part,  | event time,    | one JSON value per field of the    |
//   | its least byte first     | in quotes      | schema, as on the wire             |
//   +--------------------------+----------------+------------------------------------+
//
// The first part is the event time; the part of field i is part i + 1. Ends are counted from the
// end of the ends. The part of a null is empty.

/// Writes the text of a row.
enum RowText {
    /// The bytes of the ends.
    static func headerLength(fieldCount: Int) -> Int { 2 * (fieldCount + 1) }

    /// Appends the text of a row whose checksum is right.
    ///
    /// - Returns: False when the row is damaged or its text is longer than an end can say; part of
    ///   it may have been appended then.
    static func write(
        _ row: Span<UInt8>,
        _ found: FoundRow,
        layout: RowLayout,
        to text: inout [UInt8]
    ) -> Bool {
        guard (try? layout.validateOffsets(row)) != nil else { return false }
        let fields = layout.schema.fields
        let start = text.count
        let textStart = start + self.headerLength(fieldCount: fields.count)
        while text.count < textStart {
            text.append(0)
        }
        text.append(UInt8(ascii: "\""))
        Timestamp(microseconds: found.eventTime).append(to: &text)
        text.append(UInt8(ascii: "\""))
        guard self.endPart(0, start: start, textStart: textStart, in: &text) else { return false }
        for index in fields.indices {
            guard let cell = try? layout.cell(index, in: row) else { return false }
            self.write(cell, type: fields[index].type, of: row, to: &text)
            guard self.endPart(index + 1, start: start, textStart: textStart, in: &text) else {
                return false
            }
        }
        return true
    }

    private static func endPart(
        _ part: Int,
        start: Int,
        textStart: Int,
        in text: inout [UInt8]
    ) -> Bool {
        guard let end = UInt16(exactly: text.count - textStart) else { return false }
        text[start + 2 * part] = UInt8(truncatingIfNeeded: end)
        text[start + 2 * part + 1] = UInt8(truncatingIfNeeded: end >> 8)
        return true
    }

    private static func write(
        _ cell: RowCell,
        type: ValueType,
        of row: Span<UInt8>,
        to text: inout [UInt8]
    ) {
        switch cell {
        case .null: break
        case .integer(let value):
            switch type {
            case .bool: text.append(contentsOf: value != 0 ? "true".utf8 : "false".utf8)
            case .unixTimestamp: CellFormatter.append(time: value, style: .wire, to: &text)
            default: CellFormatter.append(integer: value, to: &text)
            }
        case .float(let value):
            CellFormatter.append(jsonFloat: value, isSingle: false, to: &text)
        case .bytes(let range):
            CellFormatter.append(
                jsonBytes: row.extracting(range),
                type: CellType(type),
                style: .wire,
                to: &text
            )
        }
    }
}
