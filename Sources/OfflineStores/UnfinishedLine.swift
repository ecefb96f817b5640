import FeatureModel
import NativeStorage

/// The last record of a file that does not end with a line feed: who writes it may not be done.
package struct UnfinishedLine: Sendable {
    /// Who reads a file sooner after its last change is warned of such a line, in nanoseconds.
    private static let recentNanoseconds: Int64 = 10_000_000_000
    /// After its last change a file is left alone for so long before a load takes such a line for
    /// a whole one, in nanoseconds.
    private static let settlingNanoseconds: Int64 = 1_000_000_000

    /// The file.
    let path: String
    /// Where the record begins: the line, from 1, and the distance from the beginning of the file.
    let line: Int
    let offset: Int
    /// How long before it was read the file was changed, in nanoseconds.
    let age: Int64
    /// Whether the record was left for a later scan.
    package let isHeldBack: Bool

    /// - Parameters:
    ///   - path: The file.
    ///   - line: The line on which the record begins.
    ///   - offset: Its distance from the beginning of the file.
    ///   - end: The size that the file had when it was opened.
    ///   - holdsBack: Whether the scan leaves what is being written for a later one, which may take
    ///     a second to tell.
    init(path: String, line: Int, offset: Int, end: Int, holdsBack: Bool) {
        let stamp = FileStamp(path: path)
        self.path = path
        self.line = line
        self.offset = offset
        self.age = Self.age(of: stamp)
        self.isHeldBack =
            holdsBack && (stamp?.size != end || !Self.settles(path, stamp, age: self.age))
    }

    /// Waits until a file was left alone for long enough; whether it was.
    private static func settles(_ path: String, _ stamp: FileStamp?, age: Int64) -> Bool {
        var rest = self.settlingNanoseconds - max(age, 0)
        while rest > 0 {
            pause(milliseconds: 50)
            rest -= 50_000_000
            if FileStamp(path: path) != stamp { return false }
        }
        return true
    }

    /// Whether the file was changed so lately that more of the line may be on its way.
    package var mayGrow: Bool { self.age < Self.recentNanoseconds }

    /// A sentence for people.
    package var description: String {
        let seconds = Double(max(self.age, 0) / 100_000_000) / 10
        let what = self.isHeldBack ? "was left for the next load" : "was read as it stands"
        return "\(self.path):\(self.line): the last line has no end, and the file was changed "
            + "\(seconds) s ago: it \(what); end it with a line feed"
    }

    /// Whether a scan must read files as text, because it has to see an unfinished line.
    static func isThere(in paths: [String], for scan: SourceScan) -> Bool {
        paths.contains { path in
            guard !path.hasSuffix(".gz"), let stamp = FileStamp(path: path), stamp.size > 0,
                scan.holdsBackUnfinished || self.age(of: stamp) < self.recentNanoseconds
            else { return false }
            return !self.endsLine(path, size: stamp.size)
        }
    }

    private static func age(of stamp: FileStamp?) -> Int64 {
        guard let stamp else { return .max }
        let (age, overflow) = FileStamp.now.subtractingReportingOverflow(stamp.modified)
        return overflow ? .max : age
    }

    private static func endsLine(_ path: String, size: Int) -> Bool {
        do throws(FileError) {
            var window = try ByteWindow(path: path, size: 1, unpacks: false)
            try window.skip(to: size - 1)
            let bytes = window.bytes
            return bytes.count == 1 && bytes[0] == UInt8(ascii: "\n")
        } catch {
            // Reading the file will say what is wrong with it.
            return true
        }
    }
}

/// A line without an end that a scan took for a whole one.
package struct OpenLine: Codable, Hashable, Sendable {
    /// The file.
    let path: String
    /// Where the record begins: the line, from 1, and the distance from the beginning of the file.
    let line: Int
    let offset: Int
    /// Where the file ended then.
    let end: Int
}

extension CSVSource {
    /// The rows that a scan made of a line that was not finished then, as they were.
    func rows(
        of line: OpenLine,
        like assembler: RowAssembler
    ) throws(OfflineStoreError) -> [SourceBatch] {
        var file = try self.open(line.path)
        try file.skip(to: line.offset, line: line.line)
        let layout = try self.layout(of: file.header, assembler)
        guard let chunk = try file.nextChunk(layout, spare: [], holdsBack: false) else { return [] }
        var own = try assembler.unused()
        var index = CSVRowIndex()
        let rows = chunk.cut(to: line.end - line.offset)
            .rows(&own, index: &index) { (batch) throws(OfflineStoreError) in batch }
        return rows.parts.filter { !$0.isUnusable }
    }
}

extension CSVChunk {
    /// The same from its beginning, with so many bytes.
    fileprivate func cut(to length: Int) -> CSVChunk {
        let end = min(self.range.upperBound, self.range.lowerBound + max(0, length))
        return CSVChunk(
            buffer: self.buffer,
            range: self.range.lowerBound..<end,
            line: self.line,
            file: self.file,
            fraction: self.fraction
        )
    }
}
