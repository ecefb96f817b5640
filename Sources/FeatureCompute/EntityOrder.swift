/// The place of a time that is null, or of a created time that is not known.
///
/// It is earlier than every instant, so that it loses every comparison.
package let missingTime = Int64.min

/// The created time of a row whose source has no created times: known from the beginning, and
/// before every row that says when it was created.
package let knownFromTheBeginning = Int64.min + 1

/// The entity rows of one set of join keys, by key and then by time: sorted once for all views.
package struct EntityOrder: Sendable {
    /// One entity row that has a key and a time.
    struct Entry: Sendable {
        var time: Int64
        var row: Int32
    }

    /// The entries, key after key, each key's by ascending time.
    let entries: [Entry]
    /// Where the entries of each key begin, and where the last ends, `[keys + 1]`.
    let starts: [Int]
    /// What is known of each entity row before any history is read: a null key or time, or `noRow`.
    let reasons: [MissReason]
    /// The earliest and the latest time of all entries; `nil` when there are none.
    package let bounds: ClosedRange<Int64>?

    /// Sorts entity rows.
    ///
    /// - Parameters:
    ///   - keyIDs: The id of each row's key, `[rows]`; -1 for a null key.
    ///   - times: The time of each row, `[rows]`; ``missingTime`` for null.
    ///   - keyCount: How many ids there are.
    /// - Complexity: O(rows + keys) when each key's rows come by time, else O(rows log rows).
    package init(keyIDs: [Int32], times: [Int64], keyCount: Int) {
        precondition(keyIDs.count == times.count, "one key and one time a row")
        var starts = Array(repeating: 0, count: keyCount + 1)
        var reasons = Array(repeating: MissReason.noRow, count: keyIDs.count)
        var earliest = Int64.max
        var latest = Int64.min
        for row in keyIDs.indices {
            if keyIDs[row] < 0 {
                reasons[row] = .nullKey
            } else if times[row] == missingTime {
                reasons[row] = .nullTime
            } else {
                starts[Int(keyIDs[row]) + 1] += 1
                earliest = min(earliest, times[row])
                latest = max(latest, times[row])
            }
        }
        for key in 0..<keyCount {
            starts[key + 1] += starts[key]
        }
        var cursors = starts
        var entries = Array(repeating: Entry(time: 0, row: 0), count: starts[keyCount])
        for row in keyIDs.indices where reasons[row] == .noRow {
            let key = Int(keyIDs[row])
            entries[cursors[key]] = Entry(time: times[row], row: Int32(row))
            cursors[key] += 1
        }
        for key in 0..<keyCount {
            sortUnlessSorted(&entries, starts[key]..<starts[key + 1], by: \.time)
        }
        self.entries = entries
        self.starts = starts
        self.reasons = reasons
        self.bounds = entries.isEmpty ? nil : earliest...latest
    }
}

/// Sorts a part of an array by a time, after a look whether it is sorted already.
func sortUnlessSorted<Element>(
    _ elements: inout [Element],
    _ range: Range<Int>,
    by time: (Element) -> Int64
) {
    var previous = Int64.min
    for index in range {
        let current = time(elements[index])
        if current < previous {
            elements[range].sort { time($0) < time($1) }
            return
        }
        previous = current
    }
}
