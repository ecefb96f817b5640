import FeatureCompute
import NativeStorage

/// A CSV file that is read window by window, unpacked when its name ends in `.gz`.
///
/// The rows of a window are those that ``scanner()`` gives until it says `windowEnd`; then
/// ``advance(past:)`` moves on.
struct CSVFile: ~Copyable {
    let header: CSVHeader
    /// The last record, when it has no end; known at the end of the file.
    private(set) var unfinished: UnfinishedLine?
    private let delimiter: UInt8
    private let maximumSize: Int
    private var window: ByteWindow
    private var cursor: CSVScanner.Cursor
    /// How far the window is from the beginning of the file.
    private var offset = 0

    /// Opens a file and reads its header.
    init(path: String, delimiter: UInt8, size: CSVWindowSize) throws(OfflineStoreError) {
        var window = try withFileErrors { () throws(FileError) in
            try ByteWindow(path: path, size: size.initial)
        }
        while true {
            let isLast = window.isLast
            var scanner = CSVScanner(window.bytes, delimiter: delimiter, isLast: isLast)
            if let header = try CSVHeader(path: path, scanner: &scanner) {
                self.header = header
                self.cursor = scanner.cursor
                break
            }
            let cursor = CSVScanner.Cursor()
            try Self.advance(&window, to: cursor, path: path, maximumSize: size.maximum)
        }
        self.delimiter = delimiter
        self.maximumSize = size.maximum
        self.window = window
    }

    /// Goes to a later place, where a record begins.
    ///
    /// - Parameters:
    ///   - offset: Its distance from the beginning of the file, which is not packed.
    ///   - line: The line that begins there.
    /// - Throws: When the file cannot be read there.
    mutating func skip(to offset: Int, line: Int) throws(OfflineStoreError) {
        do { try self.window.skip(to: offset) } catch { throw OfflineStoreError(error) }
        self.offset = offset
        self.cursor.position = 0
        self.cursor.line = line
    }

    /// A cursor before the first row of the window.
    @_lifetime(borrow self)
    borrowing func scanner() -> CSVScanner {
        CSVScanner(
            self.window.bytes,
            delimiter: self.delimiter,
            isLast: self.window.isLast,
            from: self.cursor
        )
    }

    /// Moves the window behind the rows that were read.
    ///
    /// - Parameter cursor: Where the scanner stands, after it said `windowEnd`.
    /// - Throws: Also when the record there is too long to be one.
    mutating func advance(past cursor: CSVScanner.Cursor) throws(OfflineStoreError) {
        try Self.advance(
            &self.window,
            to: cursor,
            path: self.header.path,
            maximumSize: self.maximumSize
        )
        self.offset += cursor.position
        self.cursor = cursor
        self.cursor.position = 0
    }

    /// Takes whole records from the front: what the window holds of them.
    ///
    /// - Parameters:
    ///   - layout: How the records are to be read.
    ///   - spare: A buffer that nobody needs any more, or an empty one.
    ///   - holdsBack: Whether a last record without an end is left, when the file is being
    ///     written.
    /// - Returns: `nil` at the end of the file. A last record without an end is a chunk by itself.
    /// - Throws: When the file cannot be read, or a record is too long to be one.
    mutating func nextChunk(
        _ layout: CSVFileLayout,
        spare: consuming [UInt8],
        holdsBack: Bool
    ) throws(OfflineStoreError) -> CSVChunk? {
        while true {
            let start = self.cursor
            let isLast = self.window.isLast
            var end = self.endOfRecords()
            if isLast, end.position == start.position,
                self.takesRest(from: start, holdsBack: holdsBack)
            {
                end = self.endOfText()
            }
            guard end.position == start.position else {
                let fraction = self.window.fraction(at: end.position)
                let buffer: [UInt8]
                do {
                    buffer = try self.window.advance(to: end.position, in: spare)
                } catch {
                    throw OfflineStoreError(error)
                }
                self.offset += end.position
                self.cursor = end
                self.cursor.position = 0
                return CSVChunk(
                    buffer: buffer,
                    range: start.position..<end.position,
                    line: start.line,
                    file: layout,
                    fraction: fraction
                )
            }
            if isLast { return nil }
            try self.advance(past: start)
        }
    }

    /// Whether what is left of the text is read: a record without an end, if anything.
    private mutating func takesRest(from start: CSVScanner.Cursor, holdsBack: Bool) -> Bool {
        guard start.position < self.window.bytes.count else { return false }
        let line = UnfinishedLine(
            path: self.header.path,
            line: start.line,
            offset: self.offset + start.position,
            end: self.offset + self.window.bytes.count,
            holdsBack: holdsBack
        )
        self.unfinished = line
        return !line.isHeldBack
    }

    private func endOfText() -> CSVScanner.Cursor {
        var end = self.cursor
        end.position = self.window.bytes.count
        return end
    }

    /// The end of the last record that the window holds whole, or the cursor when it holds none.
    private func endOfRecords() -> CSVScanner.Cursor {
        let bytes = self.window.bytes
        let rest = bytes.extracting(self.cursor.position..<bytes.count)
        let isLast = self.window.isLast
        // Packed text that is cut short is an error of its own.
        if isLast, self.isPacked || self.isFinished(rest) { return self.endOfText() }
        guard rest.contains(byte: UInt8(ascii: "\"")) else {
            // Without quotes every line feed ends a record, or a blank line.
            var end = self.cursor
            if let last = rest.lastIndex(ofByte: 0x0A) {
                end.position += last + 1
                end.line += rest.extracting(0...last).count(ofByte: 0x0A)
            }
            return end
        }
        return self.endOfQuotedRecords(columnCount: self.header.columns.count)
    }

    private var isPacked: Bool { self.header.path.hasSuffix(".gz") }

    /// Whether the end of a file is that of a line, as far as that is seen at once.
    private func isFinished(_ rest: Span<UInt8>) -> Bool {
        guard !rest.isEmpty else { return true }
        // A line feed in quotes ends no record.
        return rest[rest.count - 1] == UInt8(ascii: "\n")
            && rest.count(ofByte: UInt8(ascii: "\"")).isMultiple(of: 2)
    }

    /// ``endOfRecords()`` where a line feed may be within quotes.
    private func endOfQuotedRecords(columnCount: Int) -> CSVScanner.Cursor {
        let bytes = self.window.bytes
        let layout = CSVTextLayout(delimiter: self.delimiter, columnCount: columnCount)
        var index = CSVRowIndex()
        var scanner = self.scanner()
        var cursor = self.cursor
        var size = CSVRowIndex.maximumSize
        while true {
            index.find(in: bytes, from: cursor.position, size: size, file: layout)
            cursor.move(over: index.rowCount, of: index, in: bytes)
            if index.rowCount > 0, !index.isNextOdd {
                size = min(2 * size, CSVRowIndex.maximumSize)
                continue
            }
            // Where odd rows are many, little is found before the next.
            size = max(size / 4, CSVRowIndex.minimumSize)
            scanner.move(to: cursor)
            switch scanner.next() {
            case .record, .textAfterQuote:
                let end = scanner.cursor.position
                // Only at the end of the file.
                if end == bytes.count, bytes[end - 1] != UInt8(ascii: "\n") { return cursor }
                cursor = scanner.cursor
            case .windowEnd, .end: return scanner.cursor
            case .unterminatedQuote: return cursor
            }
        }
    }

    /// The error for a quoted field that nothing closes.
    static func unterminatedQuote(path: String, line: Int) -> OfflineStoreError {
        OfflineStoreError(
            code: .malformedFile,
            message: """
                \(path):\(line): a quoted field that begins here is never closed; close the \
                quote, or write a quote inside a field twice
                """
        )
    }

    private static func advance(
        _ window: inout ByteWindow,
        to cursor: CSVScanner.Cursor,
        path: String,
        maximumSize: Int
    ) throws(OfflineStoreError) {
        guard window.bytes.count - cursor.position < maximumSize else {
            throw OfflineStoreError(
                code: .malformedFile,
                message: """
                    \(path):\(cursor.line): the record that begins here is longer than \
                    \(maximumSize) bytes; a quote in it may never be closed
                    """
            )
        }
        do { try window.advance(to: cursor.position) } catch { throw OfflineStoreError(error) }
    }
}
