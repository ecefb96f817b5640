import Crypto
import NativeStorage

/// The files that a source was read from, as they were then.
struct SourceStamp: Codable, Hashable, Sendable {
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
        case sameContent(SourceStamp)
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
            let hash = try ContentHash(of: path).whole
            self.files.append(File(path: path, stamp: stamp, hash: hash))
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

    /// The same files, as if the last one ended earlier.
    ///
    /// - Parameters:
    ///   - size: Where it ends.
    ///   - hash: The SHA-256 of its bytes up to there.
    /// - Returns: The files as they would be.
    func endingEarlier(at size: Int, hash: String) -> SourceStamp {
        guard let last = self.files.indices.last else { return self }
        var result = self
        var stamp = self.files[last].stamp
        stamp.size = size
        result.files[last] = File(path: self.files[last].path, stamp: stamp, hash: hash)
        return result
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
            guard try ContentHash(of: file.path).whole == file.hash else { return .different }
            current.files[index].stamp = stamp
        }
        // What changed while it was read is not known.
        guard Self.stamps(of: paths) == stamps else { return .different }
        return isSame ? .same : .sameContent(current)
    }
}

extension SourceStamp {
    /// Looks whether files are these and perhaps more: the last may be longer now, and others may
    /// follow it.
    ///
    /// Rows that are added so come last in source order. The front of the last file must end with a
    /// line, or its last row could have become another.
    ///
    /// - Returns: Where what is new begins, and the files as they are now; `nil` when anything else
    ///   has changed.
    /// - Throws: When a file must be read and cannot be.
    func continuation(
        paths: [String],
        stamps: [FileStamp]
    ) throws(CacheProblem) -> (start: CSVStart, stamp: SourceStamp)? {
        guard let last = self.files.indices.last, paths.count > last,
            stamps.count == paths.count, paths.starts(with: self.files.map(\.path))
        else { return nil }
        var current = self
        current.checked = FileStamp.now
        var start = CSVStart(file: last, offset: self.files[last].stamp.size, line: 1)
        for (index, stamp) in stamps.enumerated() {
            let path = paths[index]
            guard index <= last else {
                let hash = try ContentHash(of: path).whole
                current.files.append(File(path: path, stamp: stamp, hash: hash))
                continue
            }
            if self.isSure(of: index, stamp) { continue }
            let size = self.files[index].stamp.size
            let isLonger = index == last && stamp.size > size && !path.hasSuffix(".gz")
            guard stamp.size == size || isLonger else { return nil }
            let hash = try ContentHash(of: path, front: size)
            guard hash.front == self.files[index].hash else { return nil }
            if isLonger {
                guard hash.frontEndsLine else { return nil }
                start.line += hash.frontLines
            }
            current.files[index] = File(path: path, stamp: stamp, hash: hash.whole)
        }
        // What changed while it was read is not known.
        guard Self.stamps(of: paths) == stamps else { return nil }
        return (start, current)
    }
}

/// The SHA-256 of a file's bytes, and what is to be known of those at its front.
struct ContentHash {
    /// Of all bytes, as hexadecimal digits.
    private(set) var whole = ""
    /// Of the front; `nil` when the file is shorter.
    private(set) var front: String?
    /// How many lines end in the front.
    private(set) var frontLines = 0
    /// Whether the front ends with the end of a line.
    private(set) var frontEndsLine = false

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: The file; it is not unpacked.
    ///   - front: How many bytes the front has; `nil` when nobody asks for it.
    /// - Throws: When the file cannot be read.
    init(of path: String, front: Int? = nil) throws(CacheProblem) {
        var hash = SHA256()
        var rest = front
        do throws(FileError) {
            var window = try ByteWindow(path: path, size: 1 << 20, unpacks: false)
            while true {
                self.take(window.bytes, rest: &rest, hash: &hash)
                if window.isLast { break }
                let count = window.bytes.count
                try window.advance(to: count)
            }
        } catch {
            throw CacheProblem(error)
        }
        self.whole = hexadecimal(hash.finalize())
    }

    /// - Parameters:
    ///   - bytes: The next bytes of the file.
    ///   - rest: How many of these and the next ones are of the front; `nil` when that has ended.
    ///   - hash: Of the bytes so far.
    private mutating func take(_ bytes: Span<UInt8>, rest: inout Int?, hash: inout SHA256) {
        guard let wanted = rest else {
            return unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        }
        let count = min(wanted, bytes.count)
        let before = bytes.extracting(0..<count)
        unsafe before.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        self.frontLines += before.count(ofByte: UInt8(ascii: "\n"))
        if count > 0 { self.frontEndsLine = before[count - 1] == UInt8(ascii: "\n") }
        rest = wanted - count
        guard rest == 0 else { return }
        rest = nil
        self.front = hexadecimal(hash.finalize())
        self.take(bytes.extracting(count..<bytes.count), rest: &rest, hash: &hash)
    }
}
