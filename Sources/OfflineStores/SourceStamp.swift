import Crypto
import NativeStorage

/// The files that a cache was made of, as they were then.
struct CacheStamp: Codable, Hashable, Sendable {
    /// One file.
    struct File: Codable, Hashable, Sendable {
        let path: String
        var stamp: FileStamp
        /// The SHA-256 of its bytes.
        let hash: String
    }

    /// How files compare with a stamp.
    enum Comparison {
        /// They are those.
        case same
        /// Their bytes are those, and other things are noted now.
        case sameContent(CacheStamp)
        /// They are others.
        case different
    }

    /// How long after its last change a file may change again without getting another time.
    ///
    /// File systems count in ticks, and some in seconds; git's index knows the same race.
    private static let raceNanoseconds: Int64 = 2_000_000_000

    /// The files in the order of reading.
    private(set) var files: [File]
    /// When it was made sure that the files are those, in nanoseconds since 1970.
    private(set) var checked: Int64

    /// How files are now, with the hashes of their content.
    ///
    /// - Parameters:
    ///   - paths: The files.
    ///   - stamps: How they are.
    ///   - checked: When they were found to be so, at the latest.
    /// - Throws: When one of them cannot be read.
    init(paths: [String], stamps: [FileStamp], checked: Int64) throws(CacheProblem) {
        self.files = []
        self.checked = checked
        for (path, stamp) in zip(paths, stamps) {
            self.files.append(File(path: path, stamp: stamp, hash: try contentHash(of: path)))
        }
    }

    /// How files are; `nil` when one of them is not there, or is no regular file.
    static func stamps(of paths: [String]) -> [FileStamp]? {
        var stamps: [FileStamp] = []
        for path in paths {
            guard let stamp = FileStamp(path: path) else { return nil }
            stamps.append(stamp)
        }
        return stamps
    }

    /// Whether a file may have changed since it had that stamp without getting another.
    static func isYoung(_ stamp: FileStamp, at time: Int64) -> Bool {
        let newest = max(stamp.modified, stamp.changed)
        let (age, overflow) = time.subtractingReportingOverflow(newest)
        return overflow ? newest > 0 : age < Self.raceNanoseconds
    }

    /// Whether files are these, as far as can be told without reading them: not so for `nil`, and
    /// perhaps not for false.
    func isCurrent(paths: [String], stamps: [FileStamp]) -> Bool? {
        guard paths == self.files.map(\.path), stamps.count == self.files.count else { return nil }
        for (file, stamp) in zip(self.files, stamps) where file.stamp.size != stamp.size {
            return nil
        }
        return stamps.indices.allSatisfy { self.isSure(of: $0, stamps[$0]) }
    }

    private func isSure(of index: Int, _ stamp: FileStamp) -> Bool {
        self.files[index].stamp == stamp && !Self.isYoung(stamp, at: self.checked)
    }

    /// Compares files with these; reads them only when their times do not tell.
    ///
    /// - Throws: When a file must be read and cannot be.
    func compare(paths: [String], stamps: [FileStamp]) throws(CacheProblem) -> Comparison {
        guard let isSame = self.isCurrent(paths: paths, stamps: stamps) else { return .different }
        var current = self
        current.checked = FileStamp.now
        for (index, stamp) in stamps.enumerated() where !self.isSure(of: index, stamp) {
            let file = self.files[index]
            guard try contentHash(of: file.path) == file.hash else { return .different }
            current.files[index].stamp = stamp
        }
        // What changed while it was read is not known.
        guard Self.stamps(of: paths) == stamps else { return .different }
        return isSame ? .same : .sameContent(current)
    }
}

/// The SHA-256 of a file's bytes.
private func contentHash(of path: String) throws(CacheProblem) -> String {
    var hash = SHA256()
    do throws(FileError) {
        var window = try ByteWindow(path: path, size: 1 << 20, unpacks: false)
        while true {
            unsafe window.bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
            if window.isLast { break }
            let count = window.bytes.count
            try window.advance(to: count)
        }
    } catch {
        throw CacheProblem(error)
    }
    return hexadecimal(hash.finalize())
}
