package import FeatureModel
import NativeStorage

/// Files that were read, as they were before: while they stay so, reading them again gives the
/// same.
package struct ReadFiles: Codable, Sendable {
    /// The files that a path or a pattern leads to.
    private struct Group: Codable, Equatable {
        /// The source, as its definition has it; `nil` for files that are named one by one.
        let source: SourceFiles?
        let paths: [String]
        /// By path; `nil` for a file that is not there, such as the log of a database.
        let stamps: [FileStamp?]

        init(source: SourceFiles? = nil, paths: [String]) {
            self.source = source
            self.paths = paths
            self.stamps = paths.map { FileStamp(path: $0) }
        }
    }

    /// What leads to the files of a source.
    fileprivate enum SourceFiles: Codable, Equatable {
        /// The path or pattern of CSV files.
        case csv(String)
        /// The path of a database, which has its log beside it while it is written.
        case sqlite(String)
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
            reader.readFiles(of: source).map { Group(source: $0, paths: reader.paths(of: $0)) }
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
            guard let source = group.source else { return false }
            return Group(source: source, paths: reader.paths(of: source)) == group
        }
    }
}

extension SourceReader {
    /// What leads to a source's files; `nil` for a source without any.
    fileprivate func readFiles(of source: DataSource) -> ReadFiles.SourceFiles? {
        switch source.kind {
        case .csv(let options): .csv(options.path)
        case .sqlite(let options): (options.path ?? self.offlineDatabasePath).map { .sqlite($0) }
        case .push, .request: nil
        }
    }

    fileprivate func paths(of source: ReadFiles.SourceFiles) -> [String] {
        switch source {
        case .csv(let pattern):
            return (try? FilePattern.files(pattern, root: self.root)) ?? []
        case .sqlite(let path):
            let path = FilePattern.absolutePath(path, root: self.root)
            return [path, "\(path)-wal"]
        }
    }
}
