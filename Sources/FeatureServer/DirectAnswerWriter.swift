import FeatureStoreKit
import NIOCore

/// Writes the answer to a direct read: the same bytes as ``OnlineResponseEncoder``, copied from the
/// texts of rows.
struct DirectAnswerWriter {
    /// Where the parts of an answer that the features of a view share were written first; -1 where
    /// they were not yet.
    private struct SharedText {
        var statusStart = -1
        var statusEnd = -1
        var timesStart = -1
        var timesEnd = -1
        /// How many values of rows that are served are null.
        var nullCount = 0
    }

    /// Room for the head of the response before its body, whose length it tells, without a field
    /// of the request's.
    private static let headRoom = 128

    private var shared: [SharedText] = []

    /// The body of an answer, and what became of the rows of each view.
    static func body(
        _ read: DirectRead,
        _ rows: DirectRows,
        _ entities: DirectEntities,
        body: Span<UInt8>
    ) -> (bytes: [UInt8], counts: [ViewRowCounts]) {
        var writer = DirectAnswerWriter()
        var buffer = ByteBuffer()
        writer.write(read, rows, entities, body: body, head: nil, to: &buffer)
        let counts = read.viewNames.indices.map { view in
            ViewRowCounts(name: read.viewNames[view], counts: writer.counts(view, of: rows))
        }
        return (Array(buffer.readableBytesView), counts)
    }

    /// What became of a view's rows in the answer that was written last.
    func counts(_ view: Int, of rows: borrowing DirectRows) -> RowCounts {
        var counts = rows.counts[view]
        counts.nullValues = self.shared[view].nullCount
        return counts
    }

    /// Makes `buffer` the answer.
    ///
    /// - Parameters:
    ///   - read: What was read.
    ///   - rows: What was found.
    ///   - entities: The ids.
    ///   - body: The bytes that the ids stand in.
    ///   - head: What the head of the HTTP response before the body has besides type and length;
    ///     `nil` for the body alone.
    ///   - buffer: Gets the answer.
    mutating func write(
        _ read: DirectRead,
        _ rows: DirectRows,
        _ entities: DirectEntities,
        body: Span<UInt8>,
        head: ResponseField?,
        to buffer: inout ByteBuffer
    ) {
        let field = head?.bytes ?? []
        let headRoom = Self.headRoom + field.count
        let capacity = headRoom + self.maximumLength(read, rows, entities)
        self.shared.removeAll(keepingCapacity: true)
        for _ in 0..<read.viewCount {
            self.shared.append(SharedText())
        }
        buffer.clear(minimumCapacity: capacity)
        var start = 0
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { memory in
            var writer = unsafe ByteWriter(memory, from: headRoom)
            self.writeBody(read, rows, entities, body: body, to: &writer)
            start = headRoom
            if head != nil {
                start = writer.writeBefore(start, "\r\n")
                start = writer.writeBefore(start, field.span)
                start = writer.writeBefore(
                    start,
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ",
                    number: writer.count - headRoom,
                    "\r\n"
                )
            }
            return writer.count
        }
        buffer.moveReaderIndex(forwardBy: start)
    }

    /// No answer is longer.
    private func maximumLength(
        _ read: DirectRead,
        _ rows: DirectRows,
        _ entities: DirectEntities
    ) -> Int {
        // Brackets and names of members of a result; and what a null of a row takes: a comma each,
        // `null`, the longest status and 1970.
        let result = 64
        let cell = 64
        var length = 64 + read.featureNames.count
        for key in read.keys {
            length += result + key.name.count * 6 + 3
        }
        for id in entities.ids {
            length += id.end - id.start + cell
        }
        length += read.columns.count * (result + entities.rowCount * cell)
        // Every part of a row's text is written once, but the time once for each feature.
        for row in rows.rows where row.hasTime {
            length += row.end - row.partsStart
        }
        let longestTime = 40
        return length + read.columns.count * entities.rowCount * longestTime
    }

    private mutating func writeBody(
        _ read: DirectRead,
        _ rows: DirectRows,
        _ entities: DirectEntities,
        body: Span<UInt8>,
        to writer: inout ByteWriter
    ) {
        writer.append(#"{"results":["#)
        for column in entities.keys.indices {
            self.writeIDs(column, entities, body: body, to: &writer)
            writer.append(UInt8(ascii: ","))
        }
        let texts = rows.texts
        var isFirst = true
        for column in read.columns {
            if !isFirst { writer.append(UInt8(ascii: ",")) }
            isFirst = false
            self.writeColumn(column, read, rows, texts: texts.span, entities.rowCount, to: &writer)
        }
        writer.append(#"],"metadata":{"feature_names":["#)
        for key in entities.keys {
            // Names of columns need no escapes: the request wrote them without.
            writer.append(UInt8(ascii: "\""))
            let name = read.keys[key].name
            writer.append(name.span)
            writer.append(#"","#)
        }
        let featureNames = read.featureNames
        writer.append(featureNames.span)
        writer.append("]}}")
    }

    private func writeIDs(
        _ column: Int,
        _ entities: DirectEntities,
        body: Span<UInt8>,
        to writer: inout ByteWriter
    ) {
        let count = entities.rowCount
        writer.append(#"{"values":["#)
        let list = entities.lists[column]
        if list.start >= 0 {
            writer.append(body, from: list.start, to: list.end)
        } else {
            for row in 0..<count {
                if row > 0 { writer.append(UInt8(ascii: ",")) }
                let id = entities.ids[column * count + row]
                writer.append(body, from: id.start, to: id.end)
            }
        }
        writer.append(#"],"statuses":["PRESENT""#)
        for _ in 1..<max(count, 1) {
            writer.append(#","PRESENT""#)
        }
        writer.append(#"],"event_timestamps":["1970-01-01T00:00:00Z""#)
        for _ in 1..<max(count, 1) {
            writer.append(#","1970-01-01T00:00:00Z""#)
        }
        writer.append("]}")
    }

    private mutating func writeColumn(
        _ column: DirectRead.Column,
        _ read: DirectRead,
        _ rows: DirectRows,
        texts: Span<UInt8>,
        _ count: Int,
        to writer: inout ByteWriter
    ) {
        let first = column.view * count
        let found = rows.rows
        let fields = read.fields
        writer.append(#"{"values":["#)
        var hasNull = false
        for index in first..<first + count {
            if index > first { writer.append(UInt8(ascii: ",")) }
            let row = found[index]
            guard row.isPresent else {
                writer.append("null")
                continue
            }
            let field = Int(fields[row.fieldsStart + column.position])
            let start = field < 0 ? 0 : end(ofPart: field, row, texts)
            let end = field < 0 ? 0 : end(ofPart: field + 1, row, texts)
            if end > start {
                writer.append(texts, from: row.partsStart + start, to: row.partsStart + end)
            } else {
                writer.append("null")
                hasNull = true
                self.shared[column.view].nullCount += 1
            }
        }
        writer.append(#"],"statuses":["#)
        if hasNull {
            for index in first..<first + count {
                if index > first { writer.append(UInt8(ascii: ",")) }
                let row = found[index]
                let field = Int(fields[row.fieldsStart + column.position])
                let isNull =
                    row.isPresent
                    && (field < 0
                        || end(ofPart: field, row, texts) == end(ofPart: field + 1, row, texts))
                self.writeStatus(row.state, isNull: isNull, to: &writer)
            }
        } else if self.shared[column.view].statusStart >= 0 {
            let shared = self.shared[column.view]
            writer.repeatBytes(from: shared.statusStart, to: shared.statusEnd)
        } else {
            self.shared[column.view].statusStart = writer.count
            for index in first..<first + count {
                if index > first { writer.append(UInt8(ascii: ",")) }
                self.writeStatus(found[index].state, isNull: false, to: &writer)
            }
            self.shared[column.view].statusEnd = writer.count
        }
        writer.append(#"],"event_timestamps":["#)
        if self.shared[column.view].timesStart >= 0 {
            let shared = self.shared[column.view]
            writer.repeatBytes(from: shared.timesStart, to: shared.timesEnd)
        } else {
            self.shared[column.view].timesStart = writer.count
            for index in first..<first + count {
                if index > first { writer.append(UInt8(ascii: ",")) }
                let row = found[index]
                if row.hasTime {
                    let end = end(ofPart: 0, row, texts)
                    writer.append(texts, from: row.partsStart, to: row.partsStart + end)
                } else {
                    writer.append(#""1970-01-01T00:00:00Z""#)
                }
            }
            self.shared[column.view].timesEnd = writer.count
        }
        writer.append("]}")
    }

    private func writeStatus(
        _ state: DirectRows.Row.State,
        isNull: Bool,
        to writer: inout ByteWriter
    ) {
        switch state {
        case .nothing: writer.append(#""NOT_FOUND""#)
        case .expired: writer.append(#""OUTSIDE_MAX_AGE""#)
        case .present where isNull: writer.append(#""NULL_VALUE""#)
        case .present: writer.append(#""PRESENT""#)
        }
    }
}

/// Where a part of a row's text ends, counted from its first part.
private func end(ofPart part: Int, _ row: DirectRows.Row, _ texts: Span<UInt8>) -> Int {
    let offset = row.endsStart + 2 * part
    return Int(texts[offset]) | Int(texts[offset + 1]) << 8
}
