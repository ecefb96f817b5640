import FeatureCompute

/// The current record of a CSV file as a row of a source.
struct CSVRow: ~Escapable, SourceRow {
    var scanner: CSVScanner
    private let path: String
    /// Where the wanted columns of the source stand in this file.
    private let positions: [Int]
    private let nulls: CSVNulls
    private var scratch: [UInt8] = []

    @_lifetime(copy scanner)
    init(scanner: CSVScanner, path: String, positions: [Int], nulls: CSVNulls) {
        self.scanner = scanner
        self.path = path
        self.positions = positions
        self.nulls = nulls
    }

    mutating func isNull(at column: Int) -> Bool {
        let field = self.positions[column]
        if self.scanner.isBlank(field) { return self.nulls.isBlankNull }
        if self.scanner.isQuoted(field) { return false }
        return self.nulls.contains(self.scanner.rawField(field))
    }

    mutating func integer(at column: Int, kind: CellKind, parser: inout CellParser) -> Int64? {
        let field = self.positions[column]
        guard self.scanner.hasDoubledQuotes(field) else {
            return parser.integer(self.scanner.rawField(field), kind: kind)
        }
        // No number and no time has a quote in it.
        return nil
    }

    mutating func float(at column: Int, kind: CellKind, parser: inout CellParser) -> Double? {
        let field = self.positions[column]
        guard self.scanner.hasDoubledQuotes(field) else {
            return parser.float(self.scanner.rawField(field), kind: kind)
        }
        return nil
    }

    mutating func appendBytes(
        at column: Int,
        type: CellType,
        parser: inout CellParser,
        to bytes: inout [UInt8]
    ) -> Bool {
        let field = self.positions[column]
        guard self.scanner.hasDoubledQuotes(field) else {
            return parser.appendCanonical(self.scanner.rawField(field), type: type, to: &bytes)
        }
        self.scratch.removeAll(keepingCapacity: true)
        self.scanner.append(field, to: &self.scratch)
        return parser.appendCanonical(self.scratch.span, type: type, to: &bytes)
    }

    mutating func sampledValue(at column: Int) -> SampledValue { .text(self.text(at: column)) }

    mutating func text(at column: Int) -> String {
        var bytes: [UInt8] = []
        self.scanner.append(self.positions[column], to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func place() -> String { "\(self.path):\(self.scanner.line)" }
}
