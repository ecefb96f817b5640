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
            return HistoryPath(
                seeker: nil,
                title: self.title(of: options, scan.source) + pushed,
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

    private func title(of options: DataSource.CSVOptions, _ source: DataSource) -> String {
        let files = self.files(of: source)
        let bytes = files.reduce(Int64(0)) { $0 + Self.size(of: $1) }
        let count = files.count == 1 ? "" : "\(files.count) files, "
        return "\(options.path), \(count)\(sizeText(bytes))"
    }

    private static func size(of path: String) -> Int64 {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}

/// A number of bytes for people: `512 bytes`, `1.2 MB`.
package func sizeText(_ bytes: Int64) -> String {
    guard bytes >= 1000 else { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
    var value = Double(bytes)
    var unit = ""
    for next in ["kB", "MB", "GB", "TB"] where value >= 1000 || unit.isEmpty {
        value /= 1000
        unit = next
    }
    let tenths = Int64((value * 10).rounded())
    return tenths >= 1000 ? "\((tenths + 5) / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
}
