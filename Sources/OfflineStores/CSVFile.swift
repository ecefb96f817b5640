import FeatureCompute
import FeatureModel
import NativeStorage

/// The bytes of one CSV file, unpacked when its name ends in `.gz`, and its header.
struct CSVFile {
    /// The path, for messages.
    let path: String
    /// The names in the header, in order; all different, none empty.
    let columns: [String]

    /// Calls `body` with the unpacked bytes of a file.
    static func withBytes<Result>(
        of path: String,
        _ body: (Span<UInt8>) throws(OfflineStoreError) -> Result
    ) throws(OfflineStoreError) -> Result {
        try self.withBytes(of: path) { (bytes, _) throws(OfflineStoreError) in try body(bytes) }
    }

    /// Calls `body` with the unpacked bytes of a file, and with what it may call to say up to
    /// where it has read: memory need not hold what came before.
    static func withBytes<Result>(
        of path: String,
        _ body: (Span<UInt8>, (Int) -> Void) throws(OfflineStoreError) -> Result
    ) throws(OfflineStoreError) -> Result {
        let file: MappedFile
        do { file = try MappedFile(path: path) } catch { throw OfflineStoreError(error) }
        guard path.hasSuffix(".gz") else {
            return try file.withBytesReadOnce(body)
        }
        let unpacked: [UInt8]
        do {
            unpacked = try file.withBytes { (bytes) throws(FileError) in
                try GzipReader.decompress(bytes, path: path)
            }
        } catch {
            throw OfflineStoreError(error)
        }
        return try body(unpacked.span) { _ in }
    }

    /// Reads the header, so that the scanner stands before the first row.
    init(path: String, scanner: inout CSVScanner) throws(OfflineStoreError) {
        switch scanner.next() {
        case .record: break
        case .end:
            throw OfflineStoreError(
                code: .malformedFile,
                message: "\(path): the file is empty; its first line must name the columns"
            )
        case .textAfterQuote, .unterminatedQuote:
            throw OfflineStoreError(
                code: .malformedFile,
                message: "\(path):\(scanner.line): the header's quotes are broken"
            )
        }
        var columns: [String] = []
        for field in 0..<scanner.fieldCount {
            var bytes: [UInt8] = []
            scanner.append(field, to: &bytes)
            let name = String(decoding: bytes, as: UTF8.self)
            guard !name.isEmpty else {
                throw OfflineStoreError(
                    code: .malformedFile,
                    message: """
                        \(path):\(scanner.line): column \(field + 1) has no name; name it in the \
                        header (pandas writes its index so: use to_csv(index=False))
                        """
                )
            }
            // Text is code points: two spellings of one letter are two names.
            guard !columns.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else {
                throw OfflineStoreError(
                    code: .malformedFile,
                    message: """
                        \(path):\(scanner.line): two columns are called "\(name)"; rename one
                        """
                )
            }
            columns.append(name)
        }
        self.path = path
        self.columns = columns
    }

    /// The error for a quoted field that nothing closes.
    static func unterminatedQuote(path: String, line: Int) -> OfflineStoreError {
        OfflineStoreError(
            code: .malformedFile,
            message: """
                \(path):\(line): a quoted field of the record that begins here is never closed; \
                close the quote, or write a quote inside a field twice
                """
        )
    }
}
