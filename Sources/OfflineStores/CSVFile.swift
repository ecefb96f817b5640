import NativeStorage

/// A CSV file that is read window by window, unpacked when its name ends in `.gz`.
///
/// The rows of a window are those that ``scanner()`` gives until it says `windowEnd`; then
/// ``advance(past:)`` moves on.
struct CSVFile: ~Copyable {
    let header: CSVHeader
    private let delimiter: UInt8
    private let maximumSize: Int
    private var window: ByteWindow
    private var cursor: CSVScanner.Cursor

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
        self.cursor = cursor
        self.cursor.position = 0
    }

    /// Which part of the file lies before a place of the window, from 0 to 1; `nil` when the file's
    /// size is not known.
    func fraction(at cursor: CSVScanner.Cursor) -> Double? {
        self.window.fraction(at: cursor.position)
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
