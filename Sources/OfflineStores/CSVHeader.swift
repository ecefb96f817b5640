/// The header of a CSV file.
struct CSVHeader {
    /// The file's path, for messages.
    let path: String
    /// The names of the columns, in order; all different, none empty.
    let columns: [String]

    /// Reads the header, so that the scanner stands before the first row.
    ///
    /// - Returns: `nil` when the scanner's window ends before the header does.
    init?(path: String, scanner: inout CSVScanner) throws(OfflineStoreError) {
        switch scanner.next() {
        case .record: break
        case .windowEnd: return nil
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
            if let kind = Self.kind(ofNoText: bytes) {
                throw OfflineStoreError(
                    code: .malformedFile,
                    message: "\(path): the file is no text: \(kind)"
                )
            }
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
        scanner.takesBlankLines = columns.count == 1
    }

    /// What a file is that begins so and is no text, and what to do; `nil` for a text.
    private static func kind(ofNoText bytes: [UInt8]) -> String? {
        let beginnings: [(bytes: [UInt8], kind: String)] = [
            ([0x1F, 0x8B], "it is packed with gzip; let its name end in .gz"),
            (Array("PAR1".utf8), "it is Parquet; write it as CSV"),
            (Array("SQLite format 3".utf8), "it is an SQLite database; use a source of that type"),
            ([0x50, 0x4B, 0x03, 0x04], "it is a zip archive or a workbook; save it as CSV"),
            ([0xFF, 0xFE], "it is UTF-16; save it as UTF-8"),
            ([0xFE, 0xFF], "it is UTF-16; save it as UTF-8"),
        ]
        for beginning in beginnings where bytes.starts(with: beginning.bytes) {
            return beginning.kind
        }
        return bytes.contains(0) ? "its header has a zero byte; save it as text in UTF-8" : nil
    }

    /// What to do when all that was looked for is missing because the header is cut in the wrong
    /// way; `nil` when it does not look so.
    static func wayOutOfDelimiter(among columns: [String]) -> String? {
        let delimiters: [String] = [";", ",", "\t", "|"]
        guard columns.count == 1, let only = columns.first,
            let found = delimiters.first(where: { only.contains($0) })
        else { return nil }
        let delimiter = found == "\t" ? "tab" : found
        return """
            its header is one column, "\(only)"; give the source the character between its \
            columns, such as delimiter: "\(delimiter)"
            """
    }
}
