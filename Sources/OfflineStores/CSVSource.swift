import FeatureCompute
import FeatureModel
import Glibc

/// The files of one CSV source.
struct CSVSource {
    /// How many bytes are read for a header; it is larger seldom.
    private static let headerWindowSize = 1 << 14

    let options: DataSource.CSVOptions
    let root: String
    let windowSize: CSVWindowSize

    /// The byte between fields.
    var delimiter: UInt8 {
        self.options.delimiter.utf8.first ?? UInt8(ascii: ",")
    }

    /// The columns of the first file, after a look that all files have the same ones.
    func columns() throws(OfflineStoreError) -> [String] {
        let paths = try FilePattern.files(self.options.path, root: self.root)
        var first: CSVHeader?
        for path in paths {
            let file = try self.header(of: path)
            guard let known = first else {
                first = file
                continue
            }
            try Self.checkSameColumns(file, known)
        }
        return first?.columns ?? []
    }

    /// Reads all rows of all files.
    func scan(
        _ assembler: inout RowAssembler,
        progress: ((ScanProgress) -> Void)?,
        _ body: (SourceBatch) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError) {
        // Columns that differ between files are found before the first row is delivered.
        _ = try self.columns()
        let paths = try FilePattern.files(self.options.path, root: self.root)
        let sizes = paths.map { Self.size(of: $0) }
        let total = max(1, sizes.reduce(0, +))
        var before: Double = 0
        for (path, size) in zip(paths, sizes) {
            try self.scanFile(path, &assembler, body) { assembler, fraction in
                progress?(
                    ScanProgress(
                        rowsRead: assembler.report.rowsRead,
                        fraction: (before + fraction * size) / total
                    )
                )
            }
            before += size
        }
        if let batch = assembler.finishBatch() { try body(batch) }
        progress?(ScanProgress(rowsRead: assembler.report.rowsRead, fraction: 1))
    }

    /// Reads one file; `progress` is called once for each batch of rows, with the part of the file
    /// that was read.
    private func scanFile(
        _ path: String,
        _ assembler: inout RowAssembler,
        _ body: (SourceBatch) throws(OfflineStoreError) -> Void,
        progress: (RowAssembler, Double) -> Void
    ) throws(OfflineStoreError) {
        var file = try self.open(path)
        let columns = file.header.columns
        let places = try positions(of: assembler.layout.columns, among: columns, of: path)
        var untilProgress = RowAssembler.batchSize
        while true {
            var row = CSVRow(
                scanner: file.scanner(),
                path: path,
                positions: places,
                nullValues: self.options.nullValues
            )
            window: while true {
                switch row.scanner.next() {
                case .end:
                    return
                case .windowEnd:
                    break window
                case .unterminatedQuote:
                    throw CSVFile.unterminatedQuote(path: path, line: row.scanner.line)
                case .textAfterQuote:
                    assembler.addBrokenRow(
                        place: row.place(),
                        reason: "there is text after a closing quote"
                    )
                case .record:
                    Self.add(&row, columnCount: columns.count, to: &assembler)
                }
                if assembler.isFull, let batch = assembler.finishBatch() { try body(batch) }
                untilProgress -= 1
                if untilProgress == 0 {
                    untilProgress = RowAssembler.batchSize
                    progress(assembler, file.fraction(at: row.scanner.cursor) ?? 0)
                }
            }
            try file.advance(past: row.scanner.cursor)
        }
    }

    private static func add(
        _ row: inout CSVRow,
        columnCount: Int,
        to assembler: inout RowAssembler
    ) {
        guard row.scanner.fieldCount != columnCount else { return assembler.add(&row) }
        assembler.addBrokenRow(
            place: row.place(),
            reason: "the row has \(row.scanner.fieldCount) fields, the header \(columnCount); "
                + "a field with a delimiter in it needs quotes"
        )
    }

    /// Opens one of the files.
    func open(_ path: String) throws(OfflineStoreError) -> CSVFile {
        try CSVFile(path: path, delimiter: self.delimiter, size: self.windowSize)
    }

    /// Reads no more of a file than its header needs.
    private func header(of path: String) throws(OfflineStoreError) -> CSVHeader {
        var size = self.windowSize
        size.initial = min(size.initial, Self.headerWindowSize)
        return try CSVFile(path: path, delimiter: self.delimiter, size: size).header
    }

    private static func checkSameColumns(
        _ file: CSVHeader,
        _ first: CSVHeader
    ) throws(OfflineStoreError) {
        let missing = Self.columns(of: first, notIn: file)
        let surplus = Self.columns(of: file, notIn: first)
        guard !missing.isEmpty || !surplus.isEmpty else { return }
        var differences: [String] = []
        if !missing.isEmpty { differences.append("lacks \(missing.joined(separator: ", "))") }
        if !surplus.isEmpty { differences.append("also has \(surplus.joined(separator: ", "))") }
        throw OfflineStoreError(
            code: .missingColumn,
            message: """
                \(file.path) \(differences.joined(separator: " and ")), unlike \(first.path); all \
                files of a source must have the same columns, in any order
                """
        )
    }

    private static func columns(of file: CSVHeader, notIn other: CSVHeader) -> [String] {
        file.columns.filter { name in
            !other.columns.contains { $0.utf8.elementsEqual(name.utf8) }
        }
    }

    private static func size(of path: String) -> Double {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Double(status.st_size) : 0
    }
}
