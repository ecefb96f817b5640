package import FeatureModel
import NativeStorage

/// Files that were read, as they were before: while they stay so, reading them again gives the
/// same.
package struct ReadFiles: Codable, Sendable {
    /// The files that a path or a pattern leads to.
    private struct Group: Codable, Equatable {
        /// The path or pattern as a definition has it; `nil` for files that are named one by one.
        var pattern: String?
        var paths: [String]
        /// By path; `nil` for a file that is not there, such as the log of a database.
        var stamps: [FileStamp?]

        init(pattern: String? = nil, paths: [String]) {
            self.pattern = pattern
            self.paths = paths
            self.stamps = paths.map { FileStamp(path: $0) }
        }
    }

    private var groups: [Group]
    /// When the first one was looked at, in nanoseconds since 1970.
    private let checked: Int64

    /// Looks at files.
    package init(paths: [String]) {
        self.checked = FileStamp.now
        self.groups = [Group(paths: paths)]
    }

    /// Looks at the files of some sources as well.
    package mutating func add(_ sources: [DataSource], of reader: SourceReader) {
        self.groups += sources.compactMap { source in
            reader.path(of: source).map { Group(pattern: $0, paths: reader.files(at: $0)) }
        }
    }

    /// Whether these files, and those that the sources lead to now, are the ones of before.
    ///
    /// - Parameters:
    ///   - before: What was read, with its sources.
    ///   - reader: Where sources lie.
    /// - Returns: False also when a file might have changed unseen.
    package func areSame(as before: ReadFiles, reader: SourceReader) -> Bool {
        let isOld = before.groups.allSatisfy { group in
            group.stamps.allSatisfy { stamp in
                stamp.map { !SourceStamp.isYoung($0, at: before.checked) } ?? true
            }
        }
        guard isOld, before.groups.starts(with: self.groups) else { return false }
        return before.groups.dropFirst(self.groups.count).allSatisfy { group in
            guard let pattern = group.pattern else { return false }
            return Group(pattern: pattern, paths: reader.files(at: pattern)) == group
        }
    }
}

extension SourceReader {
    /// The path or pattern of a source's files; `nil` for a source without any.
    fileprivate func path(of source: DataSource) -> String? {
        switch source.kind {
        case .csv(let options): options.path
        case .sqlite(let options): options.path ?? self.offlineDatabasePath
        case .push, .request: nil
        }
    }

    /// The files that a path or a pattern leads to, each with the log that a database has beside it
    /// while it is written.
    fileprivate func files(at pattern: String) -> [String] {
        let files = (try? FilePattern.files(pattern, root: self.root)) ?? []
        return files.flatMap { $0.hasSuffix(".csv") ? [$0] : [$0, "\($0)-wal"] }
    }
}
