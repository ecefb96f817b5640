package import FeatureModel
import Foundation

/// Reads the history of data sources: CSV files, SQLite tables, and rows that were pushed.
///
/// Rows come in source order: files by ascending name and then by line; tables by rowid where they
/// have one; the rows of a query as SQLite gives them; pushed rows last, in the order of the
/// pushes.
package struct SourceReader: Sendable {
    /// One column of a source.
    package struct SourceColumn: Hashable, Sendable {
        /// Its name in the source.
        package let name: String
        /// The type that a table declares for it.
        package let declaredType: String?
    }

    /// Where the paths of sources start from, and where they may lead.
    package let root: SourceRoot
    /// The database for SQLite sources that name no file.
    package let offlineDatabasePath: String?
    /// The database of pushed rows; it need not be there.
    package let pushLogPath: String?
    /// The caches of CSV sources; `nil` for none.
    package var cache: SourceCache?
    /// As many rows of a scan cost as much as looking a slot up; 0 to look up whenever that is
    /// possible.
    package let rowsPerSeek: Int
    /// What the project has forgotten; `nil` when it forgets nothing.
    private var forgotten: ForgottenEntities?
    private let windowSize: CSVWindowSize

    package init(
        root: String,
        allowedPaths: AllowedPaths? = nil,
        offlineDatabasePath: String? = nil,
        pushLogPath: String? = nil,
        cache: SourceCache? = nil,
        forgotten: ForgottenEntities? = nil,
        rowsPerSeek: Int = 16,
        windowSize: CSVWindowSize = CSVWindowSize()
    ) {
        self.rowsPerSeek = rowsPerSeek
        self.root = SourceRoot(root, allowed: allowedPaths)
        self.offlineDatabasePath = offlineDatabasePath
        self.pushLogPath = pushLogPath
        self.cache = cache
        self.forgotten = forgotten
        self.windowSize = windowSize
    }

    /// A reader that gives all rows of the sources themselves, whatever was forgotten.
    package var unfiltered: SourceReader {
        var reader = self
        reader.forgotten = nil
        reader.cache = nil
        return reader
    }

    /// The columns of a source under their own names, before any mapping.
    ///
    /// - Throws: Also when the files of a glob do not all have the same columns.
    package func columns(of source: DataSource) throws(OfflineStoreError) -> [SourceColumn] {
        switch source.kind {
        case .csv(let options):
            return try self.csvSource(options).columns()
                .map { SourceColumn(name: $0, declaredType: nil) }
        case .sqlite(let options):
            return try self.sqliteSource(options, name: source.name).columns()
        case .push, .request:
            return []
        }
    }

    /// The files that a source reads and that are there, as absolute paths.
    package func files(of source: DataSource) -> [String] {
        switch source.kind {
        case .csv(let options):
            return (try? FilePattern.files(options.path, root: self.root)) ?? []
        case .sqlite(let options):
            return [(try? self.sqliteSource(options, name: source.name).path)].compactMap { $0 }
        case .push, .request:
            return []
        }
    }

    /// Reads a source once, from its beginning to its end, in batches of at most 16,384 rows.
    ///
    /// Reading has a thread of its own, a few batches ahead of `body`; that and `progress` are
    /// called on the caller's thread.
    ///
    /// - Parameters:
    ///   - scan: What to read.
    ///   - report: What was done with the rows; filled in also when the scan throws.
    ///   - progress: Called once for each batch of rows that were looked at.
    ///   - body: Called with each batch.
    /// - Throws: `badRows` at the end of a strict scan that met some; what `body` throws.
    package func scan(
        _ scan: SourceScan,
        report: inout ScanReport,
        progress: ((ScanProgress) -> Void)? = nil,
        _ body: (SourceBatch) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError) {
        try self.scan(scan, report: &report, progress: progress, transform: { $0 }, body)
    }

    /// Reads a source once, and makes something of each batch where it is read: several threads do
    /// so at a time.
    ///
    /// - Parameters:
    ///   - scan: What to read.
    ///   - seeker: What finds the rows of the source; `nil` to read it all. Pushed rows come after.
    ///   - report: What was done with the rows; filled in also when the scan throws.
    ///   - progress: Called now and then, on the caller's thread.
    ///   - transform: Called with each batch, in any order.
    ///   - body: Called with what it gave, in the order of the source, on the caller's thread.
    /// - Throws: `badRows` at the end of a strict scan that met some; what `transform` or `body`
    ///   throws.
    package func scan<Part: Sendable>(
        _ scan: SourceScan,
        seeker: (any HistorySeeker)? = nil,
        report: inout ScanReport,
        progress: ((ScanProgress) -> Void)? = nil,
        transform: @escaping SourceBatch.Transform<Part>,
        _ body: (Part) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError) {
        let pipeline = BatchPipeline<Part>()
        let reader = self
        // The reading thread alone touches the scan, and its key filter, until it has finished.
        nonisolated(unsafe) let scan = scan
        Thread.detachNewThread {
            unsafe pipeline.finish(
                reader.read(scan, seeker: seeker, into: pipeline, transform: transform)
            )
        }
        var failure: OfflineStoreError?
        receiving: while true {
            switch pipeline.receive() {
            case .part(let part):
                if failure != nil { continue }
                do {
                    try body(part)
                } catch {
                    failure = error
                    pipeline.stop()
                }
            case .progress(let state):
                if failure == nil { progress?(state) }
            case .finished(let outcome):
                report = outcome.report
                failure = failure ?? outcome.error
                break receiving
            }
        }
        if let failure { throw failure }
        guard unsafe scan.strict, report.bad > 0 else { return }
        let bad = report.bad
        let samples = report.samples.map { "  \($0)" }.joined(separator: "\n")
        let noun = bad == 1 ? "row" : "rows"
        throw OfflineStoreError(
            code: .badRows,
            message: """
                source "\(unsafe scan.source.name)": \(bad) bad \(noun) of \
                \(report.rowsRead) (strict):
                \(samples)
                mend the rows, or leave out --strict to pass over them
                """
        )
    }

    /// Reads a source on the thread that it is called on.
    private func read<Part: Sendable>(
        _ scan: SourceScan,
        seeker: (any HistorySeeker)?,
        into pipeline: BatchPipeline<Part>,
        transform: @escaping SourceBatch.Transform<Part>
    ) -> ScanOutcome {
        var assembler: RowAssembler
        let lease: ForgettingLease?
        do {
            lease = try self.forgotten?.lease()
            assembler = try RowAssembler(scan: scan)
        } catch {
            return ScanOutcome(report: ScanReport(), error: error)
        }
        defer { withExtendedLifetime(lease) {} }
        let forgotten = ForgottenRows(lease?.tombstones ?? Tombstones(), scan)
        let progress = { (state: ScanProgress) in _ = pipeline.send(.progress(state)) }
        let transform: SourceBatch.Transform<Part?> = { (batch) throws(OfflineStoreError) in
            guard let forgotten else { return try transform(batch) }
            return try forgotten.kept(of: batch).map(transform)
        }
        let deliver = { (part: Part?) throws(OfflineStoreError) in
            guard part.map({ pipeline.send(.part($0)) }) ?? true else {
                // Nobody sees it: the other side has an error of its own.
                throw OfflineStoreError(code: .inputOutput, message: "the scan was stopped")
            }
        }
        let body = { (batch: SourceBatch) throws(OfflineStoreError) in
            try deliver(try transform(batch))
        }
        do throws(OfflineStoreError) {
            if let seeker {
                var report = ScanReport()
                defer { assembler.append(report) }
                try seeker.seek(scan, report: &report, progress: progress, body)
            } else {
                try self.readAll(
                    &assembler,
                    of: scan,
                    progress: progress,
                    transform: transform,
                    deliver
                )
            }
            if let path = self.pushLogPath, !scan.pushSources.isEmpty {
                let pushed = PushedHistory(path: path, sources: scan.pushSources)
                try pushed.scan(&assembler, progress: progress, body)
            }
        } catch {
            return ScanOutcome(report: assembler.report, error: error)
        }
        return ScanOutcome(report: assembler.report, error: nil)
    }

    /// Reads the cache of a source.
    private func read<Part: Sendable>(
        _ file: CacheFile,
        of cache: SourceCache,
        for scan: SourceScan,
        _ assembler: inout RowAssembler,
        progress: ((ScanProgress) -> Void)?,
        transform: @escaping SourceBatch.Transform<Part>,
        _ body: (Part) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError) {
        do {
            let report = try CacheScan(file, scan).run(
                scan.keyFilter,
                progress: progress,
                transform: transform,
                body
            )
            assembler.append(report)
        } catch {
            if error.code == .damagedCache { cache.remove(file) }
            throw error
        }
    }

    /// Reads all rows of a source that are not pushed ones.
    private func readAll<Part: Sendable>(
        _ assembler: inout RowAssembler,
        of scan: SourceScan,
        progress: @escaping (ScanProgress) -> Void,
        transform: @escaping SourceBatch.Transform<Part>,
        _ deliver: (Part) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError) {
        switch scan.source.kind {
        case .csv(let options):
            let increment = scan.increment
            if let line = scan.openLine, scan.deliversUnusable {
                for batch in try self.csvSource(options).rows(of: line, like: assembler) {
                    try deliver(try transform(batch.unusable))
                }
            }
            if increment?.start == nil, let cache = self.cache,
                let file = cache.file(for: scan, options, reader: self, progress: progress)
            {
                try self.read(
                    file,
                    of: cache,
                    for: scan,
                    &assembler,
                    progress: progress,
                    transform: transform,
                    deliver
                )
                increment?.finish(assembler.report, cached: file.stamp)
                return
            }
            if let increment { assembler.append(increment.earlier) }
            try self.csvSource(options).scan(
                &assembler,
                from: increment?.start,
                progress: progress,
                transform: transform,
                deliver
            )
            increment?.finish(assembler.report)
        case .sqlite(let options):
            let table = try self.sqliteSource(options, name: scan.source.name)
            try table.scan(&assembler, progress: progress) { (batch) throws(OfflineStoreError) in
                try deliver(try transform(batch))
            }
        case .push, .request:
            // No file holds any rows.
            break
        }
    }

    func csvSource(_ options: DataSource.CSVOptions) -> CSVSource {
        CSVSource(options: options, root: self.root, windowSize: self.windowSize)
    }

    func sqliteSource(
        _ options: DataSource.SQLiteOptions,
        name: String
    ) throws(OfflineStoreError) -> SQLiteSource {
        guard let path = options.path ?? self.offlineDatabasePath else {
            throw OfflineStoreError(
                code: .missingFile,
                message: """
                    source "\(name)" names no database; give it a path, or an offline_store of \
                    type sqlite in feature_store.yaml
                    """
            )
        }
        try FilePattern.checkNUL(path)
        let absolute = FilePattern.absolutePath(path, root: self.root)
        // The offline store's own database is the configuration's word.
        if options.path != nil {
            try self.root.check(absolute)
            try FilePattern.checkIsFile(absolute)
        }
        return SQLiteSource(
            path: absolute,
            relation: options.relation
        )
    }
}

/// The position of each wanted column among those that there are.
///
/// - Throws: `missingColumn` for the first that is missing, with the nearest names.
func positions(
    of wanted: [String],
    among columns: [String],
    of place: String,
    ignoringCase: Bool = false
) throws(OfflineStoreError) -> [Int] {
    var positions: [Int] = []
    for name in wanted {
        let exact = columns.firstIndex { $0.utf8.elementsEqual(name.utf8) }
        let found =
            ignoringCase
            ? exact ?? columns.firstIndex { $0.lowercased() == name.lowercased() } : exact
        guard let position = found else {
            throw OfflineStoreError(
                code: .missingColumn,
                message: """
                    \(place) has no column "\(name)"; \
                    \(CSVHeader.wayOutOfDelimiter(among: columns)
                        ?? suggestion(for: name, among: columns, noun: "column"))
                    """
            )
        }
        positions.append(position)
    }
    return positions
}
