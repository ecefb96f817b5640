import FeatureCompute
import FeatureModel
import Foundation
import Glibc

/// The files of one CSV source.
struct CSVSource {
    /// How many bytes are read for a header; it is larger seldom.
    private static let headerWindowSize = 1 << 14

    let options: DataSource.CSVOptions
    let root: SourceRoot
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

    /// Reads all rows of all files, or those that follow a start.
    ///
    /// This thread reads and cuts the text, others read its rows, and the batches come in order.
    func scan<Part: Sendable>(
        _ assembler: inout RowAssembler,
        from start: CSVStart? = nil,
        progress: ((ScanProgress) -> Void)?,
        transform: @escaping SourceBatch.Transform<Part>,
        _ body: (Part) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError) {
        // Columns that differ between files are found before the first row is delivered.
        _ = try self.columns()
        let paths = try FilePattern.files(self.options.path, root: self.root)
        let parts = Self.parts(of: paths, from: start)
        let total = max(1, parts.reduce(0) { $0 + $1.size })
        let workers = try CSVWorkers(
            like: assembler,
            count: Self.workerCount(bytes: total),
            transform: transform
        )
        var fractions: [Double] = []
        /// Delivers the rows of the oldest chunk.
        func deliver() throws(OfflineStoreError) {
            let rows = workers.next()
            assembler.append(rows.report)
            for part in rows.parts {
                try body(part)
            }
            if let error = rows.error { throw error }
            progress?(
                ScanProgress(rowsRead: assembler.report.rowsRead, fraction: fractions.removeFirst())
            )
        }
        var before: Double = 0
        for part in parts {
            let path = part.path
            var file = try self.open(path)
            if part.offset > 0 { try file.skip(to: part.offset, line: part.line) }
            let layout = try self.layout(of: file.header, assembler)
            while true {
                let chunk: CSVChunk?
                do {
                    chunk = try file.nextChunk(
                        layout,
                        spare: workers.takeBuffer(),
                        holdsBack: assembler.holdsBackUnfinished
                    )
                } catch {
                    // The rows before the mistake come first, and their own mistakes.
                    while workers.hasRows { try deliver() }
                    throw error
                }
                guard let chunk else { break }
                let read = (chunk.fraction ?? 0) * part.fileSize - Double(part.offset)
                fractions.append((before + read) / total)
                workers.submit(chunk)
                while workers.isFull { try deliver() }
            }
            before += part.size
            if let line = file.unfinished { assembler.report.unfinished.append(line) }
        }
        while workers.hasRows { try deliver() }
        for seen in workers.finish() {
            assembler.absorb(seen)
        }
        progress?(ScanProgress(rowsRead: assembler.report.rowsRead, fraction: 1))
    }

    /// How the records of a file are read.
    func layout(
        of header: CSVHeader,
        _ assembler: RowAssembler
    ) throws(OfflineStoreError) -> CSVFileLayout {
        let (path, columns) = (header.path, header.columns)
        return CSVFileLayout(
            path: path,
            text: CSVTextLayout(delimiter: self.delimiter, columnCount: columns.count),
            positions: try positions(of: assembler.layout.columns, among: columns, of: path),
            nulls: CSVNulls(self.options.nullValues)
        )
    }

    /// One file, or what is left of it.
    private struct Part {
        let path: String
        let fileSize: Double
        /// Where reading begins, and on which line; 0 for the header.
        var offset = 0
        var line = 1
        /// How many bytes are read.
        var size: Double { self.fileSize - Double(self.offset) }
    }

    private static func parts(of paths: [String], from start: CSVStart?) -> [Part] {
        var parts = paths.map { Part(path: $0, fileSize: self.size(of: $0)) }
        guard let start else { return parts }
        parts[start.file].offset = start.offset
        parts[start.file].line = start.line
        return parts[start.file...].filter { $0.size > 0 || $0.offset == 0 }
    }

    /// How many threads read rows: more than one only pay for what takes longer than to start them.
    private static func workerCount(bytes: Double) -> Int {
        bytes < Double(1 << 20) ? 1 : max(1, ProcessInfo.processInfo.activeProcessorCount)
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
