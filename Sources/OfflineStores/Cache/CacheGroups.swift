import FeatureCompute
import FeatureModel
import NativeStorage

/// Where the groups of rows of a file lie, and the checksums of their chunks.
///
/// A group is 1,024 rows, or what is left at the end; its chunks, one a column, lie end to end.
struct CacheGroups: Sendable {
    /// How many rows a group has.
    static let rowCount = 1 << 10

    /// What the columns hold: event time, created time, where there are any, then the features.
    let types: [PhysicalType]
    /// How many rows there are in all groups.
    private(set) var rowCount = 0
    /// Where each group begins.
    private(set) var offsets: [Int] = []
    /// How long each chunk is, group by group.
    private(set) var lengths: [UInt32] = []
    /// The checksum of each chunk, group by group.
    private(set) var checksums: [UInt64] = []

    init(types: [PhysicalType]) {
        self.types = types
    }

    var count: Int { self.offsets.count }

    /// How many rows a group has.
    func rows(in group: Int) -> Int {
        min(Self.rowCount, self.rowCount - group * Self.rowCount)
    }

    mutating func append(rowCount: Int, offset: Int, chunks: [(length: UInt32, checksum: UInt64)]) {
        self.rowCount += rowCount
        self.offsets.append(offset)
        for chunk in chunks {
            self.lengths.append(chunk.length)
            self.checksums.append(chunk.checksum)
        }
    }

    /// Appends the table to bytes.
    func append(to bytes: inout [UInt8]) {
        for offset in self.offsets { bytes.append(word: UInt64(offset)) }
        for length in self.lengths { bytes.append(word: UInt64(length)) }
        for checksum in self.checksums { bytes.append(word: checksum) }
    }

    /// Reads a table that ``append(to:)`` wrote; `nil` when it cannot be such a table.
    ///
    /// - Parameters:
    ///   - words: Reads the next number.
    ///   - rowCount: How many rows there are.
    ///   - types: What the columns hold.
    ///   - fileSize: No group may end behind it.
    init?(_ words: inout CacheWords, rowCount: Int, types: [PhysicalType], fileSize: Int) {
        self.types = types
        guard rowCount >= 0 else { return nil }
        self.rowCount = rowCount
        let count = (rowCount + Self.rowCount - 1) / Self.rowCount
        for _ in 0..<count {
            guard let offset = words.next(), offset <= UInt64(fileSize) else { return nil }
            self.offsets.append(Int(offset))
        }
        for _ in 0..<count * types.count {
            guard let length = words.next(), length <= UInt64(UInt32.max) else { return nil }
            self.lengths.append(UInt32(length))
        }
        for _ in 0..<count * types.count {
            guard let checksum = words.next() else { return nil }
            self.checksums.append(checksum)
        }
        for group in 0..<count {
            let chunks = self.lengths[(group * types.count)..<((group + 1) * types.count)]
            let size = chunks.reduce(0) { $0 + Int($1) }
            guard self.offsets[group] + size <= fileSize else { return nil }
        }
    }
}

/// Reads numbers of eight bytes, one after the other.
struct CacheWords {
    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8], from position: Int) {
        self.bytes = bytes
        self.position = position
    }

    /// The next number; `nil` at the end.
    mutating func next() -> UInt64? {
        guard self.position + 8 <= self.bytes.count else { return nil }
        defer { self.position += 8 }
        return self.bytes.word(at: self.position)
    }

    /// The next number of bytes; `nil` when there are not as many.
    mutating func next(bytes count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= self.bytes.count - self.position else { return nil }
        defer { self.position += count }
        return self.bytes[self.position..<(self.position + count)]
    }
}

/// Writes groups of rows to the end of a file.
struct CacheGroupWriter {
    private(set) var groups: CacheGroups
    private var encoder = CacheChunkEncoder()
    private var bytes: [UInt8] = []

    init(types: [PhysicalType]) {
        self.groups = CacheGroups(types: types)
    }

    /// Writes one group.
    ///
    /// - Parameters:
    ///   - columns: All columns, if there are any.
    ///   - rowCount: How many rows they have.
    ///   - file: Where to.
    /// - Throws: When it cannot be written.
    mutating func write(
        _ columns: [Column],
        rowCount: Int,
        to file: inout TemporaryFile
    ) throws(CacheProblem) {
        self.bytes.removeAll(keepingCapacity: true)
        var chunks: [(length: UInt32, checksum: UInt64)] = []
        for column in columns {
            let start = self.bytes.count
            self.encoder.append(column, to: &self.bytes)
            let range = start..<self.bytes.count
            guard let length = UInt32(exactly: range.count) else {
                throw CacheProblem("some of its texts are too long")
            }
            let checksum = blockChecksum(self.bytes.span.extracting(range))
            chunks.append((length, checksum))
        }
        let offset = file.count
        do { try file.append(self.bytes) } catch { throw CacheProblem(error) }
        self.groups.append(rowCount: rowCount, offset: offset, chunks: chunks)
    }
}

/// Reads groups of rows, one at a time, and checks what it has read.
struct CacheGroupReader {
    /// A file that several readers share.
    final class File: Sendable {
        let file: StoredFile

        init(_ file: consuming StoredFile) {
            self.file = file
        }
    }

    private let file: File
    private let groups: CacheGroups
    /// The columns that are read, in ascending order.
    private let columns: [Int]
    /// The group whose chunks are at hand, or -1.
    private(set) var group = -1
    private var buffer: [UInt8] = []
    private var chunks: [CacheChunk?]

    init(_ file: File, _ groups: CacheGroups, columns: [Int]) {
        self.file = file
        self.groups = groups
        self.columns = columns
        self.chunks = Array(repeating: nil, count: groups.types.count)
    }

    /// Reads a group, unless it is at hand.
    ///
    /// - Throws: When a checksum is wrong.
    mutating func load(_ group: Int) throws(CacheProblem) {
        guard group != self.group, let first = self.columns.first, let last = self.columns.last
        else { return }
        self.group = -1
        let types = self.groups.types
        let chunk = group * types.count
        var offset = self.groups.offsets[group]
        for column in 0..<first { offset += Int(self.groups.lengths[chunk + column]) }
        var size = 0
        for column in first...last { size += Int(self.groups.lengths[chunk + column]) }
        do throws(FileError) {
            try self.file.file.read(at: offset, count: size, into: &self.buffer)
        } catch {
            throw CacheProblem(error)
        }
        let rowCount = self.groups.rows(in: group)
        var start = 0
        var next = 0
        for column in first...last {
            let range = start..<(start + Int(self.groups.lengths[chunk + column]))
            start = range.upperBound
            guard self.columns[next] == column else { continue }
            next += 1
            let sum = blockChecksum(self.buffer.span.extracting(range))
            guard sum == self.groups.checksums[chunk + column],
                let read = CacheChunk(
                    self.buffer,
                    range,
                    rowCount: rowCount,
                    type: types[column]
                )
            else { throw CacheProblem("\(self.file.file.path) is damaged") }
            self.chunks[column] = read
        }
        self.group = group
    }

    /// Adds the values of some rows of the group at hand.
    func append(_ rows: [Int32], of column: Int, to cells: inout CacheCells) {
        self.chunks[column]?.append(rows, from: self.buffer, to: &cells)
    }
}
