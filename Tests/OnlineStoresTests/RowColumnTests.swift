import FeatureModel
import OnlineStores
import TestSupport
import Testing

@Suite struct RowColumnTests {
    /// Rows of several schemas of one view, in any order, some of them not to be read: a column
    /// has what the cells of the rows are.
    @Test(arguments: UInt64(0)..<300)
    func aColumnIsTheCellsOfItsRows(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let newest = randomSchema(&random)
        // Older schemas have some of the fields, in another order.
        let layouts = (0..<3).map { age in
            let fields = age == 0 ? newest.fields : newest.fields.shuffled(using: &random)
            let count = age == 0 ? fields.count : Int.random(in: 0...fields.count, using: &random)
            return RowLayout(schema: RowSchema(id: UInt16(age), fields: Array(fields[..<count])))
        }
        var bytes: [UInt8] = []
        var places: [RowPlace] = []
        var cells: [[TestCell]] = []
        for _ in 0..<Int.random(in: 0...70, using: &random) {
            guard Int.random(in: 0..<5, using: &random) > 0 else {
                places.append(.none)
                cells.append([])
                continue
            }
            let layout = Int.random(in: 0..<layouts.count, using: &random)
            var encoder = RowEncoder(layout: layouts[layout])
            let values = layouts[layout].schema.fields.map { randomCell($0.type, &random) }
            try encoder.encode(values, eventTime: 0, writeTime: 0)
            let start = bytes.count
            bytes += encoder.bytes
            places.append(RowPlace(layout: layout, start: start, end: bytes.count))
            cells.append(values)
        }
        for field in newest.fields {
            let positions = layouts.map { layout in
                layout.schema.fields.firstIndex { $0.name == field.name }
            }
            let column = RowColumn(
                fields: zip(layouts, positions).map { layout, position in
                    position.map { layout.field($0) }
                }
            )
            let read = Self.read(column, field.type, of: places, in: bytes)
            #expect(read.nulls == read.nulls.sorted())
            for (row, place) in places.enumerated() {
                guard place.layout >= 0 else {
                    #expect(read.cells[row] == Self.nothing(field.type))
                    #expect(!read.nulls.contains(row), "a row that is not read is not null")
                    continue
                }
                let expected = positions[place.layout].map { cells[row][$0] } ?? .null
                #expect(read.nulls.contains(row) == (expected == .null))
                let value = expected == .null ? Self.nothing(field.type) : expected
                #expect(read.cells[row] == value)
            }
        }
    }

    private static func nothing(_ type: ValueType) -> TestCell {
        switch type.physicalType {
        case .integer: .integer(0)
        case .float: .float(0)
        case .bytes: .bytes([])
        }
    }

    /// The values of a column in memory that was zero, and the rows that were said to be null.
    private static func read(
        _ column: RowColumn,
        _ type: ValueType,
        of rows: [RowPlace],
        in bytes: [UInt8]
    ) -> (cells: [TestCell], nulls: [Int]) {
        var nulls: [Int] = []
        switch type.physicalType {
        case .integer:
            var values = [Int64](repeating: 0, count: rows.count)
            var output = values.mutableSpan
            column.readIntegers(of: rows.span, in: bytes.span, to: &output, nulls: &nulls)
            return (values.map { .integer($0) }, nulls)
        case .float:
            var values = [Double](repeating: 0, count: rows.count)
            var output = values.mutableSpan
            column.readFloats(of: rows.span, in: bytes.span, to: &output, nulls: &nulls)
            return (values.map { .float($0) }, nulls)
        case .bytes:
            // What the column had before stays before it.
            var values: [UInt8] = [7, 7]
            var ends = [Int](repeating: 0, count: rows.count)
            var output = ends.mutableSpan
            column.readBytes(
                of: rows.span,
                in: bytes.span,
                to: &values,
                ends: &output,
                nulls: &nulls
            )
            let cells = ends.indices.map { row in
                TestCell.bytes(Array(values[(row == 0 ? 2 : ends[row - 1])..<ends[row]]))
            }
            return (cells, nulls)
        }
    }
}
