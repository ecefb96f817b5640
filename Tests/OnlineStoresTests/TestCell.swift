import FeatureModel
import OnlineStores

/// A value of a row, with its bytes instead of their place; floats are equal by their bits.
enum TestCell: Equatable {
    case null
    case integer(Int64)
    case float(Double)
    case bytes([UInt8])

    static func == (left: TestCell, right: TestCell) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.integer(let left), .integer(let right)): left == right
        case (.float(let left), .float(let right)): left.bitPattern == right.bitPattern
        case (.bytes(let left), .bytes(let right)): left == right
        default: false
        }
    }
}

extension RowEncoder {
    mutating func encode(_ cells: [TestCell], eventTime: Int64, writeTime: Int64) throws {
        self.begin(eventTime: eventTime, writeTime: writeTime)
        for cell in cells {
            switch cell {
            case .null: try self.appendNull()
            case .integer(let value): try self.append(integer: value)
            case .float(let value): try self.append(float: value)
            case .bytes(let value): try self.append(bytes: value.span)
            }
        }
        try self.finish()
    }
}

extension RowLayout {
    func testCell(_ index: Int, in row: [UInt8]) throws -> TestCell {
        switch try self.cell(index, in: row.span) {
        case .null: .null
        case .integer(let value): .integer(value)
        case .float(let value): .float(value)
        case .bytes(let range): .bytes(Array(row[range]))
        }
    }
}
