import FeatureModel
import Foundation
import NativeStorage
import Synchronization

/// Sorted copies of CSV sources, in files of their own: what is read again and again is read from
/// there, as long as the source is the same.
///
/// There is one file for each source and way of reading it. Whoever finds none, or one that is of
/// other files or cannot be read, makes it anew with one scan of the source; two that do so at once
/// do not disturb each other. What stands in the way of a cache is told, and the source is read as
/// text. The files can be deleted at any time.
package final class SourceCache: Sendable {
    /// What became of a cache.
    package enum Event: Sendable, CustomStringConvertible {
        /// It was made.
        case made(source: String, sourceBytes: Int, bytes: Int, seconds: Double, why: String?)
        /// It was read.
        case read(source: String, bytes: Int)
        /// The source was read without one.
        case notUsed(source: String, reason: String)

        /// A sentence for people.
        package var description: String {
            switch self {
            case .made(let source, let sourceBytes, let bytes, let seconds, let why):
                "made a cache of \(source) (\(SizeText.text(bytes: sourceBytes)) → "
                    + "\(SizeText.text(bytes: bytes)), \(secondsText(seconds)))"
                    + (why.map { "; \($0)" } ?? "")
            case .read(let source, let bytes):
                "read \(source) from its cache (\(SizeText.text(bytes: bytes)))"
            case .notUsed(let source, let reason):
                "\(source) is read without a cache: \(reason)"
            }
        }
    }

    /// The end of the names of the files.
    static let ending = ".fstorecache"

    /// The folder of the files.
    package let folder: String
    private let memory: Int
    private let tell: @Sendable (Event) -> Void
    /// By name, the files of which no cache could be made: it is tried again when they change.
    private let failed = Mutex<[String: [FileStamp]]>([:])

    /// - Parameters:
    ///   - folder: The folder of the files; it is made when it is needed.
    ///   - memory: How many bytes of rows are sorted at once while a cache is made.
    ///   - tell: Called, on any thread, with what became of a cache.
    package init(
        folder: String,
        memory: Int = 96 << 20,
        tell: @escaping @Sendable (Event) -> Void = { _ in }
    ) {
        self.folder = folder
        self.memory = memory
        self.tell = tell
    }

    /// How many caches there are.
    package var count: Int { fileNames(in: self.folder).count { $0.hasSuffix(Self.ending) } }

    /// Removes all caches, and the folder when nothing else is in it.
    package func removeAll() {
        TemporaryFile.removeLeftovers(in: self.folder)
        for name in fileNames(in: self.folder) where name.hasSuffix(Self.ending) {
            removeFile("\(self.folder)/\(name)")
        }
        removeEmptyFolder(self.folder)
    }

    /// Removes one cache.
    package func remove(named name: String) {
        removeFile("\(self.folder)/\(name)")
    }

    /// What a scan would find, as far as that is known without reading the source.
    enum State {
        /// A cache of the source as it is, which will be read.
        case current(path: String, bytes: Int)
        /// A cache that will be read when the bytes of the source are found to be the same.
        case unsure(path: String, bytes: Int)
        /// None that can be read, so that it will be made; or nothing to make one of.
        case absent(path: String)
    }

    /// What a scan of a CSV source would find.
    ///
    /// - Parameters:
    ///   - scan: The scan.
    ///   - options: What its source says.
    ///   - root: Where paths start from.
    /// - Returns: What is there now; `nil` when the source will be read as text.
    func state(
        for scan: SourceScan,
        _ options: DataSource.CSVOptions,
        root: SourceRoot
    ) -> State? {
        let reading = SourceReading(scan, options: options, root: root)
        let name = reading.fileName(source: scan.source.name)
        let path = "\(self.folder)/\(name)"
        guard let paths = try? FilePattern.files(options.path, root: root),
            let stamps = SourceStamp.stamps(of: paths),
            !UnfinishedLine.isThere(in: paths, for: scan),
            self.failed.withLock({ $0[name] }) != stamps
        else { return nil }
        guard let file = try? CacheFile(path: path), file.summary.reading == reading,
            let isSure = file.stamp.isCurrent(paths: paths, stamps: stamps)
        else { return .absent(path: path) }
        guard let file = self.fit(file, for: scan) else { return nil }
        return isSure
            ? .current(path: path, bytes: file.size) : .unsure(path: path, bytes: file.size)
    }

    /// The cache of what a scan reads, made when there is none.
    ///
    /// - Parameters:
    ///   - scan: The scan.
    ///   - options: What its source says.
    ///   - reader: Reads the source as text.
    ///   - progress: Called now and then while a cache is made.
    /// - Returns: `nil` when the source is to be read as text.
    func file(
        for scan: SourceScan,
        _ options: DataSource.CSVOptions,
        reader: SourceReader,
        progress: ((ScanProgress) -> Void)?
    ) -> CacheFile? {
        // Without its files or with a pipe among them, reading will say what is wrong, or work.
        guard let paths = try? FilePattern.files(options.path, root: reader.root),
            let stamps = SourceStamp.stamps(of: paths),
            !UnfinishedLine.isThere(in: paths, for: scan)
        else { return nil }
        let reading = SourceReading(scan, options: options, root: reader.root)
        let name = reading.fileName(source: scan.source.name)
        let path = "\(self.folder)/\(name)"
        guard self.failed.withLock({ $0[name] }) != stamps else { return nil }
        do throws(CacheProblem) {
            let (known, why) = self.known(path, reading, paths, stamps)
            if let known {
                guard let file = self.fit(known, for: scan) else { return nil }
                self.tell(.read(source: options.path, bytes: file.size))
                return file
            }
            guard try self.make(path, reading, paths, stamps, scan, options, reader, why, progress)
            else {
                return nil
            }
            return self.fit(try CacheFile(path: path), for: scan)
        } catch {
            self.failed.withLock { $0[name] = stamps }
            self.tell(.notUsed(source: options.path, reason: error.message))
            return nil
        }
    }

    /// Removes a file that turned out to be damaged.
    func remove(_ file: CacheFile) {
        removeFile(file.file.file.path)
    }

    /// A strict scan of bad rows is that of the text, which fails for those that it meets; so is
    /// one that wants the keys of bad rows.
    private func fit(_ file: CacheFile, for scan: SourceScan) -> CacheFile? {
        (scan.strict || scan.deliversUnusable) && file.summary.report.bad > 0 ? nil : file
    }

    /// The cache that is there and holds what the source does now, or why there is none.
    private func known(
        _ path: String,
        _ reading: SourceReading,
        _ paths: [String],
        _ stamps: [FileStamp]
    ) -> (file: CacheFile?, why: String?) {
        guard FileStamp(path: path) != nil else { return (nil, nil) }
        do throws(CacheProblem) {
            let file = try CacheFile(path: path)
            guard file.summary.reading == reading else { return (nil, nil) }
            switch try file.stamp.compare(paths: paths, stamps: stamps) {
            case .same: return (file, nil)
            case .sameContent(let stamp):
                file.note(stamp)
                return (file, nil)
            case .different: return (nil, "the source has changed")
            }
        } catch {
            return (nil, error.message)
        }
    }

    /// Makes a cache.
    ///
    /// - Returns: Whether it was made; not so when the source itself cannot be read.
    /// - Throws: What stands in the way of the cache alone.
    private func make(
        _ path: String,
        _ reading: SourceReading,
        _ paths: [String],
        _ stamps: [FileStamp],
        _ scan: SourceScan,
        _ options: DataSource.CSVOptions,
        _ reader: SourceReader,
        _ why: String?,
        _ progress: ((ScanProgress) -> Void)?
    ) throws(CacheProblem) -> Bool {
        let clock = ContinuousClock.now
        let sourceBytes = stamps.reduce(0) { $0 + $1.size }
        try withCacheProblems { () throws(FileError) in try makeFolder(self.folder) }
        TemporaryFile.removeLeftovers(in: self.folder)
        if let free = freeBytes(in: self.folder), free < sourceBytes {
            throw CacheProblem("\(self.folder) has only \(SizeText.text(bytes: free)) left")
        }
        let watch = SourceWatch(paths: paths, stamps: stamps)
        var file = try withCacheProblems { () throws(FileError) in
            try TemporaryFile(in: self.folder)
        }
        let stampSize = try CacheFile.begin(&file, paths: paths)
        let whole = SourceScan(
            source: scan.source,
            joinKeys: scan.joinKeys,
            features: scan.features
        )
        var text = reader
        text.cache = nil
        let columns = CacheColumns(whole)
        let sorter = CacheSorter(columns: columns, folder: self.folder, memory: self.memory)
        var report = ScanReport()
        var problem: CacheProblem?
        do {
            try text.scan(whole, report: &report, progress: progress) {
                (batch) throws(OfflineStoreError) in
                do throws(CacheProblem) {
                    try sorter.append(batch)
                } catch {
                    problem = error
                    throw OfflineStoreError(code: .inputOutput, message: error.message)
                }
            }
        } catch {
            if let problem { throw problem }
            // Reading the text will say it again.
            return false
        }
        let directory = try sorter.finish(into: &file)
        let stamp = try watch.stamp()
        let summary = CacheSummary(
            reading: reading,
            rowCount: directory.groups.rowCount,
            keyCount: directory.keys.count,
            report: SavedReport(report),
            latest: columns.time == nil ? nil : report.newestEventTime?.microseconds
        )
        try CacheFile.finish(
            &file,
            stamp: stamp,
            stampSize: stampSize,
            summary: summary,
            directory: directory
        )
        let bytes = file.count
        do { try file.publish(as: path) } catch { throw CacheProblem(error) }
        let elapsed = (ContinuousClock.now - clock).components
        self.tell(
            .made(
                source: options.path,
                sourceBytes: sourceBytes,
                bytes: bytes,
                seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18,
                why: why
            )
        )
        return true
    }
}

/// Seconds to the tenth.
private func secondsText(_ seconds: Double) -> String {
    "\((seconds * 10).rounded() / 10) s"
}
