/// The place of a time that is null, or of a created time that is not known.
///
/// It is earlier than every instant, so that it loses every comparison.
package let missingTime = Int64.min

/// The created time of a row whose source has no created times: known from the beginning, and
/// before every row that says when it was created.
package let knownFromTheBeginning = Int64.min + 1

/// The moments at which entity rows look at the history of their keys.
///
/// Each different pair of key and time is a slot. They are made once for all views with the same
/// join keys.
///
/// A history row belongs to the first slot of its key that is not before it, and every later slot
/// of the key can see it too. So of the rows of one slot only the best can ever matter.
package struct EntitySlots: Sendable {
    /// One entity row that has a key and a time.
    private struct Entry {
        var time: Int64
        var row: Int32
    }

    /// The time of each slot, `[slots]`: key after key, ascending within a key.
    package let times: [Int64]
    /// Where the slots of each key begin, and where the last ends, `[keys + 1]`.
    package let starts: [Int32]
    /// The slot of each entity row, `[rows]`; -1 for a null key or time.
    package let ofRows: [Int32]
    /// What is known of each entity row before any history is read: a null key or time, or `noRow`.
    let reasons: [MissReason]
    /// The earliest and the latest time of all slots; `nil` when there are none.
    package let bounds: ClosedRange<Int64>?

    /// How many slots there are.
    package var count: Int { self.times.count }

    /// How many keys there are, with slots or without.
    package var keyCount: Int { self.starts.count - 1 }

    /// Sorts entity rows.
    ///
    /// - Parameters:
    ///   - keyIDs: The id of each row's key, `[rows]`; -1 for a null key.
    ///   - times: The time of each row, `[rows]`; ``missingTime`` for null.
    ///   - keyCount: How many ids there are.
    /// - Complexity: O(rows + keys) when each key's rows come by time, else O(rows log rows).
    package init(
        keyIDs: some RandomAccessCollection<Int32>,
        times: some RandomAccessCollection<Int64>,
        keyCount: Int
    ) {
        self.init(keyIDs: Array(keyIDs), times: Array(times), keyCount: keyCount)
    }

    private init(keyIDs: [Int32], times: [Int64], keyCount: Int) {
        precondition(keyIDs.count == times.count, "one key and one time a row")
        var cursors = Array(repeating: Int32(0), count: keyCount + 1)
        var reasons = Array(repeating: MissReason.noRow, count: keyIDs.count)
        for row in keyIDs.indices {
            if keyIDs[row] < 0 {
                reasons[row] = .nullKey
            } else if times[row] == missingTime {
                reasons[row] = .nullTime
            } else {
                cursors[Int(keyIDs[row]) + 1] += 1
            }
        }
        for key in 0..<keyCount {
            cursors[key + 1] += cursors[key]
        }
        let ends = cursors
        var entries = Array(repeating: Entry(time: 0, row: 0), count: Int(cursors[keyCount]))
        for row in keyIDs.indices where reasons[row] == .noRow {
            let key = Int(keyIDs[row])
            entries[Int(cursors[key])] = Entry(time: times[row], row: Int32(row))
            cursors[key] += 1
        }
        var slotTimes: [Int64] = []
        slotTimes.reserveCapacity(entries.count)
        var starts: [Int32] = [0]
        starts.reserveCapacity(keyCount + 1)
        var ofRows = Array(repeating: Int32(-1), count: keyIDs.count)
        for key in 0..<keyCount {
            let range = Int(ends[key])..<Int(ends[key + 1])
            Self.sortUnlessSorted(&entries, range)
            for index in range {
                let entry = entries[index]
                if index == range.lowerBound || entry.time != entries[index - 1].time {
                    slotTimes.append(entry.time)
                }
                ofRows[Int(entry.row)] = Int32(slotTimes.count - 1)
            }
            starts.append(Int32(slotTimes.count))
        }
        self.times = slotTimes
        self.starts = starts
        self.ofRows = ofRows
        self.reasons = reasons
        if let earliest = slotTimes.min(), let latest = slotTimes.max() {
            self.bounds = earliest...latest
        } else {
            self.bounds = nil
        }
    }

    /// The slots of a key, by ascending time.
    package func slots(ofKey key: Int) -> Range<Int> {
        Int(self.starts[key])..<Int(self.starts[key + 1])
    }

    /// The first slot of a key whose time is `time` or later; -1 when there is none.
    ///
    /// - Complexity: O(log slots of the key).
    package func first(ofKey key: Int32, from time: Int64) -> Int32 {
        var low = self.starts[Int(key)]
        let end = self.starts[Int(key) + 1]
        var high = end
        while low < high {
            let middle = low + (high - low) / 2
            if self.times[Int(middle)] < time {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < end ? low : -1
    }

    private static func sortUnlessSorted(_ entries: inout [Entry], _ range: Range<Int>) {
        var previous = Int64.min
        for index in range {
            let current = entries[index].time
            if current < previous {
                entries[range].sort { $0.time < $1.time }
                return
            }
            previous = current
        }
    }
}

/// Whether a row is no longer valid at a moment.
///
/// - Parameters:
///   - time: The row's event time.
///   - now: The moment.
///   - ttl: How long a row stays valid, in microseconds; 0 for ever.
/// - Returns: Whether the row is older than `now - ttl`.
package func isTooOld(_ time: Int64, at now: Int64, ttl: Int64) -> Bool {
    guard ttl > 0 else { return false }
    let (earliest, overflow) = now.subtractingReportingOverflow(ttl)
    return !overflow && time < earliest
}
