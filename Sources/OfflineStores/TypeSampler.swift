import FeatureCompute
import FeatureModel

/// One column that a view needs, and as what.
struct ColumnCheck {
    let part: String
    let title: String
    let column: String
    let type: ValueType

    var isJoinKey: Bool { self.part == "entities" }
}

/// Takes the first rows of a source, until it has seen enough.
protocol RowSampler {
    /// Whether it has seen enough.
    var isFull: Bool { get }
    /// Looks at one row.
    mutating func add<Row: SourceRow & ~Copyable & ~Escapable>(_ row: inout Row)
}

/// Tries the first rows of a source as the declared types, and as some others.
struct TypeSampler: RowSampler {
    private static let candidates: [ValueType] = [
        .int64, .float64, .bool, .unixTimestamp, .string,
    ]

    private struct Misfit {
        var place: String
        var text: String
        /// Whether the source holds it as a text.
        var isText = true
    }

    private let checks: [ColumnCheck]
    /// By check: the first value that cannot be the declared type.
    private var misfits: [Misfit?]
    private var misfitCounts: [Int]
    private var valueCounts: [Int]
    /// By check and candidate: whether all values so far can be it.
    private var fits: [[Bool]]
    /// By check: the first time that is read as seconds, and is most likely a date.
    private var dates: [Misfit?]
    private var parser = CellParser()
    private(set) var rowCount = 0

    init(checks: [ColumnCheck]) {
        self.checks = checks
        self.misfits = Array(repeating: nil, count: checks.count)
        self.dates = Array(repeating: nil, count: checks.count)
        self.misfitCounts = Array(repeating: 0, count: checks.count)
        self.valueCounts = Array(repeating: 0, count: checks.count)
        self.fits = checks.map { _ in Array(repeating: true, count: Self.candidates.count) }
    }

    var isFull: Bool { self.rowCount == SourceReader.sampledRows }

    mutating func add<Row: SourceRow & ~Copyable & ~Escapable>(_ row: inout Row) {
        self.rowCount += 1
        for index in self.checks.indices where !row.isNull(at: index) {
            self.valueCounts[index] += 1
            if !self.canRead(&row, at: index, as: CellType(self.checks[index].type)) {
                self.misfitCounts[index] += 1
                if self.misfits[index] == nil {
                    self.misfits[index] = Misfit(
                        place: row.place(),
                        text: shortened(row.text(at: index)),
                        isText: row.sampledValue(at: index).isText
                    )
                }
            }
            self.noteDate(&row, at: index)
            for candidate in Self.candidates.indices where self.fits[index][candidate] {
                let type = CellType(Self.candidates[candidate])
                self.fits[index][candidate] = self.canRead(&row, at: index, as: type)
            }
        }
    }

    /// Notes a time that is read as seconds, and is most likely a date without dashes.
    private mutating func noteDate<Row: SourceRow & ~Copyable & ~Escapable>(
        _ row: inout Row,
        at index: Int
    ) {
        guard self.checks[index].type == .unixTimestamp, self.dates[index] == nil else { return }
        let text = row.text(at: index)
        let bytes = Array(text.utf8)
        guard CellParser.isDateWithoutDashes(bytes.span) else { return }
        self.dates[index] = Misfit(place: row.place(), text: text)
    }

    private mutating func canRead<Row: SourceRow & ~Copyable & ~Escapable>(
        _ row: inout Row,
        at index: Int,
        as type: CellType
    ) -> Bool {
        switch type.kind.physicalType {
        case .integer: return row.integer(at: index, kind: type.kind, parser: &self.parser) != nil
        case .float: return row.float(at: index, kind: type.kind, parser: &self.parser) != nil
        case .bytes:
            var bytes: [UInt8] = []
            return row.appendBytes(at: index, type: type, parser: &self.parser, to: &bytes)
        }
    }

    /// A problem for each column that has a value which cannot be the declared type.
    ///
    /// It is an error when most values cannot, or when another type than string fits them all: then
    /// the declaration is wrong. A few strays are a warning, because every run counts and names
    /// them.
    func problems(of source: DataSource) -> [SourceProblem] {
        var problems: [SourceProblem] = []
        for (index, check) in self.checks.enumerated() {
            if let date = self.dates[index] {
                problems.append(check.problem(date.text, date.place))
            }
            guard let misfit = self.misfits[index] else { continue }
            let position = Self.candidates.indices.first { self.fits[index][$0] }
            var fitting = position.map { Self.candidates[$0] } ?? .string
            if check.isJoinKey, !fitting.canBeJoinKey { fitting = .string }
            let isMostlyWrong = self.misfitCounts[index] * 2 > self.valueCounts[index]
            let fix: String
            if check.part.hasPrefix("source.") {
                fix = "a time is RFC 3339, YYYY-MM-DD HH:MM:SS, or seconds since 1970"
            } else if fitting == check.type {
                fix =
                    misfit.isText
                    ? "write it in UTF-8"
                    : "give the source a query that selects CAST(\(check.column) AS TEXT)"
            } else if isMostlyWrong || fitting != .string {
                fix = "declare it as \(fitting), which fits all sampled values"
            } else {
                fix = "mend the row, or name the text in the source's null_values if it means null"
            }
            let expected =
                check.type == .unixTimestamp
                ? "time" : misfit.isText ? check.type.description : "\(check.type), as it is stored"
            problems.append(
                SourceProblem(
                    part: check.part,
                    diagnostic: Diagnostic(
                        severity: isMostlyWrong || fitting != .string ? .error : .warning,
                        message: """
                            \(check.title): \(misfit.place): column "\(check.column)" has \
                            "\(misfit.text)", which is no \(expected) \
                            (\(self.misfitCounts[index]) of \(self.valueCounts[index]) sampled)
                            """,
                        fix: fix
                    )
                )
            )
        }
        return problems
    }
}

extension SourceReader {
    /// Shows the first rows of a source to a sampler, with these columns of it.
    func sample(
        _ columns: [String],
        of source: DataSource,
        _ sampler: inout some RowSampler
    ) throws(OfflineStoreError) {
        switch source.kind {
        case .csv(let options):
            try self.csvSource(options).sample(columns, &sampler)
        case .sqlite(let options):
            try self.sqliteSource(options, name: source.name).sample(columns, &sampler)
        case .push, .request:
            break
        }
    }
}

extension CSVSource {
    /// Shows the first rows of the files to a sampler; broken rows are passed over.
    func sample(
        _ columns: [String],
        _ sampler: inout some RowSampler
    ) throws(OfflineStoreError) {
        for path in try FilePattern.files(self.options.path, root: self.root) {
            if sampler.isFull { return }
            try self.sample(path, columns, &sampler)
        }
    }

    private func sample(
        _ path: String,
        _ columns: [String],
        _ sampler: inout some RowSampler
    ) throws(OfflineStoreError) {
        var file = try self.open(path)
        let columnCount = file.header.columns.count
        let places = try positions(of: columns, among: file.header.columns, of: path)
        while true {
            var row = CSVRow(
                scanner: file.scanner(),
                path: path,
                positions: places,
                nulls: CSVNulls(self.options.nullValues)
            )
            window: while !sampler.isFull {
                switch row.scanner.next() {
                case .end: return
                case .windowEnd: break window
                case .unterminatedQuote:
                    throw CSVFile.unterminatedQuote(path: path, line: row.scanner.line)
                case .textAfterQuote: continue
                case .record:
                    if row.scanner.fieldCount == columnCount { sampler.add(&row) }
                }
            }
            if sampler.isFull { return }
            try file.advance(past: row.scanner.cursor)
        }
    }
}

extension SQLiteSource {
    /// Shows the first rows to a sampler.
    func sample(
        _ columns: [String],
        _ sampler: inout some RowSampler
    ) throws(OfflineStoreError) {
        let database = try self.open()
        var row = try self.rows(database, columns: columns)
        while !sampler.isFull, try row.step() {
            sampler.add(&row)
        }
    }
}

extension ColumnCheck {
    /// The warning about a time that is most likely meant as a date.
    fileprivate func problem(_ text: String, _ place: String) -> SourceProblem {
        SourceProblem(
            part: self.part,
            diagnostic: Diagnostic(
                severity: .warning,
                message: """
                    \(self.title): \(place): column "\(self.column)" has "\(text)", which is read \
                    as seconds since 1970
                    """,
                fix: "write a date with dashes, as in 2024-01-01"
            )
        )
    }
}

extension SampledValue {
    fileprivate var isText: Bool {
        guard case .text = self else { return false }
        return true
    }
}
