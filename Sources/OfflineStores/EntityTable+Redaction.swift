package import FeatureCompute
import FeatureModel

extension EntityTable {
    /// CSV without some of its rows, every other byte as it is.
    ///
    /// - Parameters:
    ///   - bytes: The text, with its header.
    ///   - file: What messages call it.
    ///   - isDropped: Whether a row goes that has such a cell in a column.
    /// - Returns: What is left, and how many rows went.
    /// - Throws: `malformedFile` when the rows cannot be told from each other.
    package static func redacted(
        _ bytes: [UInt8],
        file: String,
        where isDropped: (_ column: String, _ cell: GivenCell) -> Bool
    ) throws(OfflineStoreError) -> (bytes: [UInt8], rows: Int) {
        let parsed = try EntityTable(bytes: bytes, file: file)
        var dropped: Set<Int> = []
        for column in parsed.table.columns {
            for row in 0..<parsed.table.rowCount {
                guard case .string(let text) = column.column[row] else { continue }
                if isDropped(column.name, .text(text)) { dropped.insert(row) }
            }
        }
        guard !dropped.isEmpty else { return (bytes, 0) }
        // Where each physical line begins.
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            starts.append(offset + 1)
        }
        func start(_ row: Int) -> Int {
            row < parsed.lines.count ? starts[Int(parsed.lines[row]) - 1] : bytes.count
        }
        var kept = Array(bytes[..<start(0)])
        for row in 0..<parsed.table.rowCount where !dropped.contains(row) {
            kept += bytes[start(row)..<start(row + 1)]
        }
        return (kept, dropped.count)
    }
}
