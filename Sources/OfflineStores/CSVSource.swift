import FeatureCompute
import FeatureModel
import Glibc
import NativeStorage

/// The files of one CSV source.
struct CSVSource {
    let options: DataSource.CSVOptions
    let root: String

    /// The byte between fields.
    var delimiter: UInt8 {
        self.options.delimiter.utf8.first ?? UInt8(ascii: ",")
    }

    /// The columns of the first file, after a look that all files have the same ones.
    func columns() throws(OfflineStoreError) -> [String] {
        let paths = try FilePattern.files(self.options.path, root: self.root)
        var first: CSVFile?
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
            try CSVFile.withBytes(of: path) { (bytes, release) throws(OfflineStoreError) in
                try self.scanFile(path, bytes, &assembler, body) { assembler, position in
                    release(position)
                    guard let progress else { return }
                    let part = Double(position) / Double(max(1, bytes.count))
                    progress(
                        ScanProgress(
                            rowsRead: assembler.report.rowsRead,
                            fraction: (before + part * size) / total
                        )
                    )
                }
            }
            before += size
        }
        if let batch = assembler.finishBatch() { try body(batch) }
        progress?(ScanProgress(rowsRead: assembler.report.rowsRead, fraction: 1))
    }

    private func scanFile(
        _ path: String,
        _ bytes: Span<UInt8>,
        _ assembler: inout RowAssembler,
        _ body: (SourceBatch) throws(OfflineStoreError) -> Void,
        progress: (RowAssembler, Int) -> Void
    ) throws(OfflineStoreError) {
        var scanner = CSVScanner(bytes, delimiter: self.delimiter)
        let file = try CSVFile(path: path, scanner: &scanner)
        let places = try positions(
            of: assembler.layout.columns,
            among: file.columns,
            of: path
        )
        var row = CSVRow(
            scanner: scanner,
            path: path,
            positions: places,
            nullValues: self.options.nullValues
        )
        var untilProgress = RowAssembler.batchSize
        while true {
            switch row.scanner.next() {
            case .end:
                return
            case .unterminatedQuote:
                throw CSVFile.unterminatedQuote(path: path, line: row.scanner.line)
            case .textAfterQuote:
                assembler.addBrokenRow(
                    place: row.place(),
                    reason: "there is text after a closing quote"
                )
            case .record:
                if row.scanner.fieldCount == file.columns.count {
                    assembler.add(&row)
                } else {
                    assembler.addBrokenRow(
                        place: row.place(),
                        reason: """
                            the row has \(row.scanner.fieldCount) fields, the header \
                            \(file.columns.count)
                            """
                    )
                }
            }
            if assembler.isFull, let batch = assembler.finishBatch() { try body(batch) }
            untilProgress -= 1
            if untilProgress == 0 {
                untilProgress = RowAssembler.batchSize
                progress(assembler, row.scanner.bytesRead)
            }
        }
    }

    private func header(of path: String) throws(OfflineStoreError) -> CSVFile {
        try CSVFile.withBytes(of: path) { (bytes) throws(OfflineStoreError) in
            var scanner = CSVScanner(bytes, delimiter: self.delimiter)
            return try CSVFile(path: path, scanner: &scanner)
        }
    }

    private static func checkSameColumns(
        _ file: CSVFile,
        _ first: CSVFile
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

    private static func columns(of file: CSVFile, notIn other: CSVFile) -> [String] {
        file.columns.filter { name in
            !other.columns.contains { $0.utf8.elementsEqual(name.utf8) }
        }
    }

    private static func size(of path: String) -> Double {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Double(status.st_size) : 0
    }
}
