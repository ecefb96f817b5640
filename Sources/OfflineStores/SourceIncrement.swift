import FeatureModel
import FoundationEssentials
import NativeStorage
import Synchronization

/// Where the reading of a source's files goes on: everything before was read earlier.
struct CSVStart: Sendable {
    /// The first file, by its place among all, of which something is left.
    let file: Int
    /// How many of its bytes were read; it may have no more.
    let offset: Int
    /// The line that begins there, from 1.
    var line: Int
}

/// Lets a scan leave out what an earlier one of the same source has delivered, where the files
/// still hold it byte for byte; and says what the next one may leave out.
///
/// That is so for CSV files whose end has grown, or to which later ones were added: the rows come
/// last in source order. Any other change of a file, and any other way of reading it, has the
/// source read from its beginning. An SQLite table does not say which of its rows have changed.
package final class SourceIncrement: Sendable {
    /// What a scan has delivered.
    private struct Mark: Codable {
        let reading: SourceReading
        let files: SourceStamp
        let report: SavedReport
        let newest: Timestamp?
        /// The bounds of the times; no row was beyond them.
        let bounds: Bounds
        /// The last line of the last file, when it has no end and was read.
        var openLine: OpenLine?
    }

    /// The last event time and the last created time that a scan takes; `nil` for no bound.
    private struct Bounds: Codable {
        var event: Timestamp?
        var created: Timestamp?

        /// Whether no row that these bounds let in is beyond others.
        func areWithin(_ others: Bounds) -> Bool {
            [(self.event, others.event), (self.created, others.created)].allSatisfy { own, other in
                guard let other else { return true }
                return own.map { $0 <= other } ?? false
            }
        }
    }

    /// A longer text would be in the way where it is kept.
    private static let maximumStateSize = 1 << 16

    /// Where the scan begins; `nil` for the beginning of the source.
    let start: CSVStart?
    /// What is known of the rows before the start.
    let earlier: ScanReport
    private let reading: SourceReading
    private let bounds: Bounds
    private let watch: SourceWatch?
    /// What was known of the last line of the last file.
    private let knownOpenLine: OpenLine?
    private let next = Mutex("")

    /// How many rows the scan leaves out.
    package var knownRows: Int { self.earlier.rowsRead }

    /// After the scan: what the next one must be given to go on from here; empty when it must begin
    /// at the beginning.
    package var state: String { self.next.withLock { $0 } }

    /// Looks at the files; `nil` when the source is one of which nothing can be left out.
    ///
    /// - Parameters:
    ///   - scan: What is about to be read, all times from the beginning on.
    ///   - state: What an earlier scan left; empty for none.
    ///   - reader: Reads the source.
    package init?(_ scan: SourceScan, after state: String, reader: SourceReader) {
        guard case .csv(let options) = scan.source.kind, scan.earliest == nil,
            let paths = try? FilePattern.files(options.path, root: reader.root),
            let stamps = SourceStamp.stamps(of: paths)
        else { return nil }
        let reading = SourceReading(scan, options: options, root: reader.root)
        self.reading = reading
        let bounds = Bounds(event: scan.latest, created: scan.latestCreated)
        self.bounds = bounds
        if let mark = try? JSONDecoder().decode(Mark.self, from: Data(state.utf8)),
            mark.reading == reading, mark.bounds.areWithin(bounds),
            let found = try? mark.files.continuation(paths: paths, stamps: stamps)
        {
            self.start = found.start
            var earlier = mark.report.scanReport
            earlier.rowsKept = earlier.rowsRead - earlier.bad - earlier.nullKey - earlier.nullTime
            earlier.newestEventTime = mark.newest
            self.earlier = earlier
            self.watch = SourceWatch(paths: paths, stamps: stamps, known: found.stamp)
            self.knownOpenLine = mark.openLine
        } else {
            self.start = nil
            self.earlier = ScanReport()
            // A cache has a stamp of its own.
            self.watch = reader.cache == nil ? SourceWatch(paths: paths, stamps: stamps) : nil
            self.knownOpenLine = nil
        }
    }

    /// The line that an earlier scan of the same source read before it was finished, when there is
    /// more of it now.
    ///
    /// - Parameters:
    ///   - scan: What is about to be read.
    ///   - state: What the earlier scan left; empty for none.
    ///   - reader: Reads the source.
    /// - Returns: `nil` when there is none, also when the bytes of before are not there any more.
    package static func openLine(
        _ scan: SourceScan,
        after state: String,
        reader: SourceReader
    ) -> OpenLine? {
        guard case .csv(let options) = scan.source.kind,
            let mark = try? JSONDecoder().decode(Mark.self, from: Data(state.utf8)),
            let line = mark.openLine, let file = mark.files.files.last, file.path == line.path,
            mark.reading == SourceReading(scan, options: options, root: reader.root),
            let stamp = FileStamp(path: file.path), stamp.size > line.end,
            let hash = try? ContentHash(of: file.path, front: line.end), hash.front == file.hash
        else { return nil }
        return line
    }

    /// Notes that all was read.
    ///
    /// - Parameters:
    ///   - report: What was done with the rows, those before the start included.
    ///   - cached: The files whose cache was read.
    func finish(_ report: ScanReport, cached: SourceStamp? = nil) {
        // What was passed over for its time must be read again when its time has come.
        guard report.afterEnd == 0, report.createdLater == 0,
            let files = cached ?? self.readFiles(report)
        else { return }
        let mark = Mark(
            reading: self.reading,
            files: files,
            report: SavedReport(report, withSamples: false),
            newest: report.newestEventTime,
            bounds: self.bounds,
            openLine: self.openLine(report, files)
        )
        guard let json = try? JSONEncoder().encode(mark), json.count <= Self.maximumStateSize
        else { return }
        self.next.withLock { $0 = String(decoding: json, as: UTF8.self) }
    }

    /// The files as far as they were read; `nil` when that is not known, or when lines were left
    /// that are not the last of all.
    private func readFiles(_ report: ScanReport) -> SourceStamp? {
        let held = report.unfinished.filter(\.isHeldBack)
        guard let line = held.first else { return try? self.watch?.stamp() }
        // Before the stamp, which makes sure that the file has not changed meanwhile.
        guard held.count == 1, let hash = try? ContentHash(of: line.path, front: line.offset).front,
            let files = try? self.watch?.stamp(), files.files.last?.path == line.path
        else { return nil }
        return files.endingEarlier(at: line.offset, hash: hash)
    }

    /// The last line of the last file, when it was read without an end.
    private func openLine(_ report: ScanReport, _ files: SourceStamp) -> OpenLine? {
        guard let last = files.files.last else { return nil }
        let read = report.unfinished.last { $0.path == last.path && !$0.isHeldBack }
        if let read {
            return OpenLine(
                path: read.path,
                line: read.line,
                offset: read.offset,
                end: last.stamp.size
            )
        }
        // Nothing of the file was read then.
        return self.knownOpenLine.flatMap {
            $0.path == last.path && $0.end == last.stamp.size ? $0 : nil
        }
    }
}
