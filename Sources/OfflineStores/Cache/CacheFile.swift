import FeatureModel
import Foundation
import NativeStorage

/// The file of a cache.
///
/// ```text
/// bytes 0-7    "fstCache"
/// bytes 8-15   version
/// bytes 16-23  how long the stamp is, with its checksum
/// bytes 24-31  where the tail begins
/// bytes 32-39  how long the tail is; it ends the file
/// bytes 40-47  checksum of the tail
/// bytes 48-55  checksum of bytes 0-47
/// then         the stamp: checksum, and JSON that ends in spaces (``SourceStamp``)
/// then         groups of rows: chunks, one a column (``CacheChunk``)
/// the tail     how long the JSON is; JSON (``CacheSummary``), zeros up to a multiple of eight;
///              the keys (``CacheKeys``); where each key's rows begin, and where the last end;
///              the table of the groups (``CacheGroups``)
/// ```
///
/// Numbers have eight bytes, little-endian, and so have checksums. Rows are sorted by key, event
/// time, created time and source order. Every byte is under a checksum; those of a group are
/// checked when it is read, all others when the file is opened. Only the stamp is ever written
/// over, when files are found to be the same with other times; someone who reads it half written
/// makes the cache anew.
struct CacheFile: Sendable {
    private static let magic = Array("fstCache".utf8)
    private static let version: UInt64 = 1
    private static let headerSize = 56

    /// What the source is read as, and what was seen of it.
    let summary: CacheSummary
    /// The files that it was made of.
    let stamp: SourceStamp
    /// The keys, and where everything lies.
    let directory: CacheDirectory
    /// What is read for the groups.
    let file: CacheGroupReader.File
    private let stampSize: Int

    /// How many bytes the file has.
    var size: Int { self.file.file.size }

    // MARK: Reading

    /// Opens a file.
    ///
    /// - Throws: When it is no such file, of another version, or damaged.
    init(path: String) throws(CacheProblem) {
        let file = CacheGroupReader.File(
            try withCacheProblems { () throws(FileError) in try StoredFile(path: path) }
        )
        let damage = CacheProblem("\(path) is damaged")
        var bytes: [UInt8] = []
        func read(_ range: Range<Int>) throws(CacheProblem) {
            guard range.lowerBound >= 0, range.upperBound <= file.file.size else { throw damage }
            bytes.removeAll(keepingCapacity: true)
            do throws(FileError) {
                try file.file.read(at: range.lowerBound, count: range.count, into: &bytes)
            } catch {
                throw CacheProblem(error)
            }
        }
        try read(0..<Self.headerSize)
        guard Array(bytes[0..<8]) == Self.magic,
            bytes.word(at: 48) == blockChecksum(bytes.span.extracting(0..<48))
        else { throw damage }
        let version = bytes.word(at: 8)
        guard version == Self.version else {
            throw CacheProblem("\(path) has version \(version) of the format, not \(Self.version)")
        }
        guard let stampSize = Int(exactly: bytes.word(at: 16)), stampSize >= 8,
            let tail = Int(exactly: bytes.word(at: 24)),
            let tailSize = Int(exactly: bytes.word(at: 32)), tail <= file.file.size,
            stampSize <= tail - Self.headerSize, tailSize == file.file.size - tail
        else { throw damage }
        let tailSum = bytes.word(at: 40)
        try read(Self.headerSize..<(Self.headerSize + stampSize))
        guard bytes.word(at: 0) == blockChecksum(bytes.span.extracting(8..<bytes.count)),
            let stamp = try? JSONDecoder().decode(SourceStamp.self, from: Data(bytes[8...]))
        else { throw damage }
        try read(tail..<(tail + tailSize))
        guard tailSum == blockChecksum(bytes.span) else { throw damage }
        var words = CacheWords(bytes, from: 0)
        bytes = []
        guard let count = words.next().flatMap({ Int(exactly: $0) }),
            let json = words.next(bytes: count), words.next(bytes: -count & 7) != nil,
            let summary = try? JSONDecoder().decode(CacheSummary.self, from: Data(json)),
            let directory = CacheDirectory(&words, summary, fileSize: tail)
        else { throw damage }
        self.summary = summary
        self.stamp = stamp
        self.directory = directory
        self.file = file
        self.stampSize = stampSize
    }

    /// Notes that the files are the same with other times; where that cannot be written, they are
    /// looked at again the next time.
    func note(_ stamp: SourceStamp) {
        guard let bytes = Self.bytes(of: stamp, size: self.stampSize) else { return }
        try? overwrite(path: self.file.file.path, with: bytes, at: Self.headerSize)
    }

    // MARK: Writing

    /// Begins a file: room for header and stamp.
    ///
    /// - Returns: How long the stamp will be, with its checksum.
    static func begin(
        _ file: inout TemporaryFile,
        paths: [String]
    ) throws(CacheProblem) -> Int {
        // Numbers of any length fit in, and every path also with each letter escaped.
        let size = (256 + paths.reduce(0) { $0 + 6 * $1.utf8.count + 256 }) & ~7
        do throws(FileError) {
            try file.append(Array(repeating: 0, count: Self.headerSize + size))
        } catch {
            throw CacheProblem(error)
        }
        return size
    }

    /// Ends a file, after all groups were written.
    static func finish(
        _ file: inout TemporaryFile,
        stamp: SourceStamp,
        stampSize: Int,
        summary: CacheSummary,
        directory: CacheDirectory
    ) throws(CacheProblem) {
        guard let json = try? JSONEncoder().encode(summary),
            let stampBytes = Self.bytes(of: stamp, size: stampSize)
        else { throw CacheProblem("what is known of the source cannot be written as JSON") }
        var tail: [UInt8] = []
        tail.append(word: UInt64(json.count))
        tail.append(contentsOf: json)
        while tail.count % 8 != 0 { tail.append(0) }
        directory.append(to: &tail)
        var header = Self.magic
        header.append(word: Self.version)
        header.append(word: UInt64(stampSize))
        header.append(word: UInt64(file.count))
        header.append(word: UInt64(tail.count))
        header.append(word: blockChecksum(tail.span))
        header.append(word: blockChecksum(header.span))
        do throws(FileError) {
            try file.append(tail)
            try file.write(header + stampBytes, at: 0)
        } catch {
            throw CacheProblem(error)
        }
    }

    private static func bytes(of stamp: SourceStamp, size: Int) -> [UInt8]? {
        guard let json = try? JSONEncoder().encode(stamp), json.count <= size - 8 else {
            return nil
        }
        let spaces = repeatElement(UInt8(ascii: " "), count: size - 8 - json.count)
        let text = Array(json) + spaces
        var bytes: [UInt8] = []
        bytes.append(word: blockChecksum(text.span))
        return bytes + text
    }
}

/// What is known of the rows of a cache.
struct CacheSummary: Codable, Sendable {
    /// How the source was read.
    let reading: SourceReading
    let rowCount: Int
    let keyCount: Int
    /// What was done with the rows of the source.
    let report: SavedReport
    /// The latest event time; `nil` without rows or times.
    let latest: Int64?
}

extension CacheDirectory {
    /// Appends the directory to bytes.
    fileprivate func append(to bytes: inout [UInt8]) {
        self.keys.append(to: &bytes)
        for start in self.starts { bytes.append(word: UInt64(start)) }
        self.groups.append(to: &bytes)
    }

    /// Reads a directory that ``append(to:)`` wrote; `nil` when it cannot be one.
    fileprivate init?(_ words: inout CacheWords, _ summary: CacheSummary, fileSize: Int) {
        let types = summary.reading.physicalTypes
        let keyTypes = summary.reading.keys.map(\.type)
        guard summary.rowCount >= 0, summary.keyCount >= 0,
            let keys = CacheKeys(
                &words,
                count: summary.keyCount,
                isInteger: CacheKeys(keyTypes: keyTypes).isInteger
            )
        else { return nil }
        var starts: [Int] = []
        for _ in 0...summary.keyCount {
            guard let word = words.next(), let start = Int(exactly: word),
                start >= starts.last ?? 0
            else { return nil }
            starts.append(start)
        }
        guard starts.first == 0, starts.last == summary.rowCount,
            let groups = CacheGroups(
                &words,
                rowCount: summary.rowCount,
                types: types,
                fileSize: fileSize
            )
        else { return nil }
        self.init(keys: keys, starts: starts, groups: groups)
    }
}

extension SourceReading {
    /// How the values of the columns lie in memory: times, then features.
    fileprivate var physicalTypes: [PhysicalType] {
        let times = [self.time, self.created].compactMap { $0 }.map { _ in PhysicalType.integer }
        return times + self.features.map(\.type.physicalType)
    }
}
