import FeatureModel

/// The cells of some rows as text, column by column, and from there line by line.
///
/// A loop over one column knows its type; a loop over a row would ask for it at each cell.
package struct CellTexts: Sendable {
    /// How many bytes are copied at once, so that as many may follow what is copied.
    private static let block = 16

    private let rowCount: Int
    /// All texts, end to end: those of the first column, then those of the second.
    private var bytes: [UInt8] = []
    /// Where each text ends; it begins where the one before ends.
    private var ends: [Int] = []

    /// No texts, for columns of so many rows.
    package init(rowCount: Int) {
        self.rowCount = rowCount
    }

    /// Adds a column as CSV fields; see ``CellFormatter/append(csvField:row:delimiter:to:)``.
    package mutating func append(csvFields column: Column, rows: Range<Int>) {
        precondition(rows.count == self.rowCount, "as many rows as every column")
        switch column.storage {
        case .integers(let values) where column.type == .unixTimestamp:
            self.append(times: values, of: column, rows: rows)
        case .integers(let values) where column.type != .bool:
            self.append(integers: values, of: column, rows: rows, null: "")
        case .floats(let values):
            self.append(floats: values, of: column, rows: rows)
        case .bytes(let values) where column.type != .bytes && Self.areBare(values, rows: rows):
            self.append(bareTexts: values, of: column, rows: rows)
        default:
            for row in rows {
                CellFormatter.append(csvField: column, row: row, to: &self.bytes)
                self.ends.append(self.bytes.count)
            }
        }
    }

    /// Adds a column as JSON values; see ``CellFormatter/append(json:row:style:to:)``.
    package mutating func append(jsonValues column: Column, rows: Range<Int>) {
        precondition(rows.count == self.rowCount, "as many rows as every column")
        switch column.storage {
        case .integers(let values) where column.type != .bool && column.type != .unixTimestamp:
            self.append(integers: values, of: column, rows: rows, null: "null")
        default:
            for row in rows {
                CellFormatter.append(json: column, row: row, style: .rows, to: &self.bytes)
                self.ends.append(self.bytes.count)
            }
        }
    }

    /// Appends a line a row: before each text what belongs there, and the end of the line.
    ///
    /// - Parameters:
    ///   - text: What is appended to.
    ///   - prefixes: For each column, what stands before its texts.
    ///   - end: What stands behind the last, at most sixteen bytes.
    package func appendLines(to text: inout [UInt8], prefixes: [[UInt8]], end: [UInt8]) {
        precondition(self.ends.count == prefixes.count * self.rowCount, "a text a cell")
        precondition(end.count <= Self.block, "a short end")
        // What is copied from is followed by a block that may be copied with it.
        var fixed: [UInt8] = []
        var fixedEnds: [Int] = []
        for prefix in prefixes + [end] {
            fixed.append(contentsOf: prefix)
            fixedEnds.append(fixed.count)
        }
        let lineSize = fixed.count
        fixed.append(contentsOf: repeatElement(0, count: Self.block))
        let base = text.count
        let size = self.bytes.count + lineSize * self.rowCount
        text.append(contentsOf: repeatElement(0, count: size + Self.block))
        let lastEnd = lineSize - end.count
        var position = base
        var output = text.mutableSpan
        let source = self.bytes.span
        let places = self.ends.span
        let fixedSource = fixed.span
        let fixedPlaces = fixedEnds.span
        for row in 0..<self.rowCount {
            var fixedStart = 0
            for column in prefixes.indices {
                let fixedEnd = fixedPlaces[column]
                output.copy(fixedSource, fixedStart..<fixedEnd, to: position)
                position &+= fixedEnd &- fixedStart
                fixedStart = fixedEnd
                let place = column &* self.rowCount &+ row
                let start = place == 0 ? 0 : places[place &- 1]
                output.copy(source, start..<places[place], to: position)
                position &+= places[place] &- start
            }
            output.copy(fixedSource, lastEnd..<lineSize, to: position)
            position &+= end.count
        }
        text.removeLast(text.count - position)
    }

    private mutating func append(
        integers values: [Int64],
        of column: Column,
        rows: Range<Int>,
        null: StaticString
    ) {
        var position = self.makeRoom(MutableSpan<UInt8>.roomForInteger * rows.count)
        var output = self.bytes.mutableSpan
        var ends: [Int] = []
        ends.reserveCapacity(rows.count)
        for row in rows {
            if column.isNull(at: row) {
                for index in 0..<null.utf8CodeUnitCount {
                    unsafe output[position] = null.utf8Start[index]
                    position += 1
                }
            } else {
                position = output.write(integer: values[row], at: position)
            }
            ends.append(position)
        }
        self.finish(at: position, ends)
    }

    private mutating func append(times values: [Int64], of column: Column, rows: Range<Int>) {
        var position = self.makeRoom(Timestamp.maximumTextSize * rows.count)
        var output = self.bytes.mutableSpan
        var ends: [Int] = []
        ends.reserveCapacity(rows.count)
        for row in rows {
            if !column.isNull(at: row) {
                position = Timestamp(microseconds: values[row]).write(to: &output, at: position)
            }
            ends.append(position)
        }
        self.finish(at: position, ends)
    }

    private mutating func append(floats values: [Double], of column: Column, rows: Range<Int>) {
        let isSingle = column.type == .float32
        var position = self.makeRoom(MutableSpan<UInt8>.roomForFloat * rows.count)
        var output = self.bytes.mutableSpan
        var ends: [Int] = []
        ends.reserveCapacity(rows.count)
        for row in rows {
            if !column.isNull(at: row) {
                position = output.write(float: values[row], isSingle: isSingle, at: position)
            }
            ends.append(position)
        }
        self.finish(at: position, ends)
    }

    /// Adds texts that stand as they are, but for empty ones.
    private mutating func append(
        bareTexts values: Column.ByteStorage,
        of column: Column,
        rows: Range<Int>
    ) {
        for row in rows {
            let range = values.range(at: row)
            if !range.isEmpty {
                self.bytes.append(span: values.bytes.span.extracting(range))
            } else if !column.isNull(at: row) {
                self.bytes.append(UInt8(ascii: "\""))
                self.bytes.append(UInt8(ascii: "\""))
            }
            self.ends.append(self.bytes.count)
        }
    }

    /// Whether no text has a byte for which a CSV field needs quotes.
    private static func areBare(_ values: Column.ByteStorage, rows: Range<Int>) -> Bool {
        guard let first = rows.first, let last = rows.last else { return true }
        let range = values.range(at: first).lowerBound..<values.range(at: last).upperBound
        let text = values.bytes.span.extracting(range)
        for index in text.indices {
            let byte = text[index]
            // Few bytes of a text are as small as a comma; a line feed and a CR are.
            guard byte <= UInt8(ascii: ",") else { continue }
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") { return false }
            if byte == 0x0A || byte == 0x0D { return false }
        }
        return true
    }

    /// Makes room at the end.
    ///
    /// - Returns: Where it begins.
    private mutating func makeRoom(_ count: Int) -> Int {
        let position = self.bytes.count
        self.bytes.append(contentsOf: repeatElement(0, count: count))
        return position
    }

    /// Gives back the room that was not needed.
    private mutating func finish(at position: Int, _ ends: [Int]) {
        self.bytes.removeLast(self.bytes.count - position)
        self.ends.append(contentsOf: ends)
    }
}
