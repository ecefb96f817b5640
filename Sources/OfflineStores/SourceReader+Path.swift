import FeatureModel
import Glibc

extension SourceReader {
    /// The best way to read a source for a training set.
    ///
    /// Rows are looked up where an index leads to them and the slots of the scan's key filter are
    /// few against the rows; a strict scan looks at all rows.
    ///
    /// - Throws: What opening the source throws.
    /// - Complexity: A look at the source's files and indexes; no row is read.
    package func path(for scan: SourceScan) throws(OfflineStoreError) -> HistoryPath {
        let pushed = scan.pushSources.isEmpty ? "" : ", and the pushed rows"
        switch scan.source.kind {
        case .csv(let options):
            let title = self.title(of: options, scan.source)
            if let path = self.cachePath(for: scan, title: title, pushed: pushed) { return path }
            return HistoryPath(
                seeker: nil,
                title: title + pushed,
                reason: "text has no index, so every row is read"
            )
        case .sqlite(let options):
            let source = try self.sqliteSource(options, name: scan.source.name)
            return try source.path(for: scan, pushed: pushed, rowsPerSeek: self.rowsPerSeek)
        case .push, .request:
            return HistoryPath(
                seeker: nil,
                title: "the pushed rows",
                reason: "the source has no other rows"
            )
        }
    }

    /// The way through a source's cache; `nil` when it is read without one.
    private func cachePath(
        for scan: SourceScan,
        title: String,
        pushed: String
    ) -> HistoryPath? {
        guard case .csv(let options) = scan.source.kind,
            let state = self.cache?.state(for: scan, options, root: self.root)
        else { return nil }
        switch state {
        case .current(let path, let bytes):
            return HistoryPath(
                cacheOf: "\(title), by its cache \(path), \(SizeText.text(bytes: bytes))" + pushed,
                reason: "the cache holds the rows by key and time, and the files have not changed"
            )
        case .unsure(let path, let bytes):
            return HistoryPath(
                cacheOf: "\(title), by its cache \(path), \(SizeText.text(bytes: bytes))" + pushed,
                reason: """
                    the cache holds the rows by key and time; times of the files are others or too \
                    young to tell, so all bytes are compared first
                    """
            )
        case .absent(let path):
            return HistoryPath(
                cacheOf: "\(title), by its cache \(path)\(pushed)",
                reason: """
                    there is no cache of the files as they are yet, so every row is read once to \
                    make it
                    """
            )
        }
    }

    private func title(of options: DataSource.CSVOptions, _ source: DataSource) -> String {
        let files = self.files(of: source)
        let bytes = files.reduce(0) { $0 + Self.size(of: $1) }
        let count = files.count == 1 ? "" : "\(files.count) files, "
        return "\(options.path), \(count)\(SizeText.text(bytes: bytes))"
    }

    private static func size(of path: String) -> Int {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
