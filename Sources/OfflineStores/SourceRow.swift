import FeatureCompute

/// One row of a source, whatever holds it: cells by position, read as the type that is asked for.
protocol SourceRow: ~Copyable, ~Escapable {
    /// Whether a cell is null.
    mutating func isNull(at column: Int) -> Bool
    /// An int32, int64, bool or unix_timestamp; `nil` when the cell cannot be it.
    mutating func integer(at column: Int, kind: CellKind, parser: inout CellParser) -> Int64?
    /// A float32, widened, or a float64; `nil` when the cell cannot be it.
    mutating func float(at column: Int, kind: CellKind, parser: inout CellParser) -> Double?
    /// Appends the canonical bytes of any other type.
    ///
    /// - Returns: False when the cell cannot be it; part may have been appended then.
    mutating func appendBytes(
        at column: Int,
        type: CellType,
        parser: inout CellParser,
        to bytes: inout [UInt8]
    ) -> Bool
    /// A cell that is not null, as the source holds it.
    mutating func sampledValue(at column: Int) -> SampledValue
    /// A cell for people.
    mutating func text(at column: Int) -> String
    /// Where the row stands, for people.
    func place() -> String
    /// When the row became known if it does not say so itself, in microseconds; `nil` for a row
    /// that nobody pushed.
    var pushTime: Int64? { get }
    /// Its place in the source, for rows that do not come in source order.
    var ordinal: Int64 { get }
}

extension SourceRow where Self: ~Copyable, Self: ~Escapable {
    var pushTime: Int64? { nil }
    var ordinal: Int64 { 0 }
}

/// A cell's text for a message: at most forty letters, on one line.
func shortened(_ text: String) -> String {
    let line = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "⏎")
    return line.count > 40 ? line.prefix(40) + "…" : line
}
