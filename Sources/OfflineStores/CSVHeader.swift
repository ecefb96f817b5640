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
}
