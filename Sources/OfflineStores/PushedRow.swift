import FeatureCompute
import FeatureModel

/// A row that was pushed, as a row of a source.
struct PushedRow: SourceRow {
    /// The cells of the push, in the order of its columns.
    let cells: [GivenCell]
    /// Where the wanted columns stand among the cells; `nil` for a column that the push had not.
    let positions: [Int?]
    /// The push and the row, for people.
    let sequence: Int64
    let number: Int64
    let pushTime: Int64?

    mutating func isNull(at column: Int) -> Bool {
        self.cell(column) == .null
    }

    mutating func integer(at column: Int, kind: CellKind, parser: inout CellParser) -> Int64? {
        parser.integer(self.cell(column), kind: kind)
    }

    mutating func float(at column: Int, kind: CellKind, parser: inout CellParser) -> Double? {
        parser.float(self.cell(column), kind: kind)
    }

    mutating func appendBytes(
        at column: Int,
        type: CellType,
        parser: inout CellParser,
        to bytes: inout [UInt8]
    ) -> Bool {
        parser.appendCanonical(self.cell(column), type: type, to: &bytes)
    }

    mutating func sampledValue(at column: Int) -> SampledValue { .text(self.text(at: column)) }

    mutating func text(at column: Int) -> String { self.cell(column).description }

    func place() -> String { "push \(self.sequence), row \(self.number)" }

    private func cell(_ column: Int) -> GivenCell {
        guard let position = self.positions[column], position < self.cells.count else {
            return .null
        }
        return self.cells[position]
    }
}
