import Glibc
import NativeStorage

/// One record among others: enough of its key to order most, and where the rest is.
struct RecordReference: Sendable {
    /// The first word of the key: see ``keyWord(_:depth:)``.
    var word: UInt64
    /// Where the record is, as ``RecordKeys`` knows it; of two records of one key, the one that
    /// was added later has the greater location.
    var location: UInt64
}

/// Finds the keys and the ages of records.
///
/// All keys are of one load: they end with the same view id, and none begins with another one.
protocol RecordKeys {
    func key(at location: UInt64) -> UnsafeBufferPointer<UInt8>
    func age(at location: UInt64) -> RowAge
}

/// Eight bytes of a key as a number that orders as they do: of depth 0 those after the keyspace, of
/// depth 1 the next, and so on; missing ones count as zero.
func keyWord(_ key: UnsafeBufferPointer<UInt8>, depth: Int) -> UInt64 {
    let start = 1 + depth * 8
    if key.count >= start + 8 {
        return unsafe UInt64(
            bigEndian: UnsafeRawBufferPointer(key)
                .loadUnaligned(fromByteOffset: start, as: UInt64.self)
        )
    }
    var word: UInt64 = 0
    for index in start..<(start + 8) {
        word = unsafe word << 8 | (index < key.count ? UInt64(key[index]) : 0)
    }
    return word
}

/// Sorts records by their keys, and keeps the newest of each.
///
/// A radix sort by words of eight bytes, least significant byte first, and only by the bytes that
/// differ at all; groups whose words are the same go on with the next words of their keys.
struct RecordSorter {
    /// Below, moving records one by one is quicker than counting bytes.
    private static let smallCount = 24
    /// Keys that are the same for so many words are compared as a whole.
    private static let maximumDepth = 16

    private var spare: [RecordReference] = []

    /// Sorts by key, then by location, and keeps of each key the newest: the greatest
    /// (event time, write time), then the last added.
    ///
    /// - Parameters:
    ///   - records: Their words are those of depth 0; records of one key come in the order of
    ///     their locations.
    ///   - keys: Where their keys are.
    /// - Complexity: O(records × differing bytes of the keys).
    mutating func sortAndKeepNewest(_ records: inout [RecordReference], keys: some RecordKeys) {
        let missing = records.count - self.spare.count
        if missing > 0 {
            let blank = RecordReference(word: 0, location: 0)
            self.spare.append(contentsOf: repeatElement(blank, count: missing))
        }
        let kept = unsafe records.withUnsafeMutableBufferPointer { records in
            unsafe self.spare.withUnsafeMutableBufferPointer { spare in
                unsafe Self.sort(records, spare: spare, depth: 0, keys: keys)
            }
            return unsafe Self.keepNewest(records, keys: keys)
        }
        records.removeLast(records.count - kept)
    }

    private typealias Records = UnsafeMutableBufferPointer<RecordReference>

    /// Sorts records whose words are those of `depth`, and which are the same before.
    private static func sort(_ records: Records, spare: Records, depth: Int, keys: some RecordKeys)
    {
        if records.count <= Self.smallCount {
            unsafe Self.insertionSort(records)
        } else {
            unsafe Self.radixSort(records, spare: spare)
        }
        var start = 0
        while start < records.count {
            let word = unsafe records[start].word
            var end = start + 1
            while end < records.count, unsafe records[end].word == word {
                end += 1
            }
            if end - start > 1 {
                let group = unsafe Records(rebasing: records[start..<end])
                unsafe Self.sortGroup(group, spare: spare, depth: depth, keys: keys)
                for index in group.indices {
                    unsafe group[index].word = word
                }
            }
            start = end
        }
    }

    /// Sorts records whose keys are the same up to the words of `depth`.
    private static func sortGroup(
        _ group: Records,
        spare: Records,
        depth: Int,
        keys: some RecordKeys
    ) {
        guard unsafe !Self.isWhole(keys.key(at: group[0].location), depth: depth) else { return }
        if depth + 1 >= Self.maximumDepth {
            var group = unsafe group
            unsafe group.sort { left, right in
                let order = unsafe compareBytes(
                    keys.key(at: left.location).span,
                    keys.key(at: right.location).span
                )
                return order != 0 ? order < 0 : left.location < right.location
            }
            return
        }
        for index in group.indices {
            unsafe group[index].word = keyWord(
                keys.key(at: group[index].location),
                depth: depth + 1
            )
        }
        unsafe Self.sort(group, spare: spare, depth: depth + 1, keys: keys)
    }

    /// Whether the words up to `depth` are the whole key, but for the view id that all have.
    private static func isWhole(_ key: UnsafeBufferPointer<UInt8>, depth: Int) -> Bool {
        key.count - 4 <= 1 + 8 * (depth + 1)
    }

    private static func insertionSort(_ records: Records) {
        for index in 1..<max(records.count, 1) {
            let record = unsafe records[index]
            var place = index
            while place > 0, unsafe records[place - 1].word > record.word {
                unsafe records[place] = records[place - 1]
                place -= 1
            }
            unsafe records[place] = record
        }
    }

    private static func radixSort(_ records: Records, spare: Records) {
        var differing: UInt64 = 0
        let first = unsafe records[0].word
        for index in records.indices {
            unsafe differing |= records[index].word ^ first
        }
        var source = unsafe records
        var target = unsafe Records(rebasing: spare[..<records.count])
        for shift in stride(from: UInt64(0), to: 64, by: 8) where differing >> shift & 0xFF != 0 {
            var places: InlineArray<256, Int> = .init(repeating: 0)
            for index in source.indices {
                unsafe places[Int(source[index].word >> shift & 0xFF)] += 1
            }
            var total = 0
            for byte in places.indices {
                let count = places[byte]
                places[byte] = total
                total += count
            }
            for index in source.indices {
                let record = unsafe source[index]
                let byte = Int(record.word >> shift & 0xFF)
                unsafe target[places[byte]] = record
                places[byte] += 1
            }
            unsafe swap(&source, &target)
        }
        if unsafe source.baseAddress != records.baseAddress {
            _ = unsafe records.update(fromContentsOf: source)
        }
    }

    /// Moves the newest record of each key to the front.
    ///
    /// - Returns: How many there are.
    private static func keepNewest(_ records: Records, keys: some RecordKeys) -> Int {
        var kept = 0
        for index in records.indices {
            let record = unsafe records[index]
            if kept > 0, unsafe Self.isSameKey(records[kept - 1], record, keys) {
                let newest = unsafe keys.age(at: records[kept - 1].location)
                if keys.age(at: record.location) >= newest {
                    unsafe records[kept - 1] = record
                }
            } else {
                unsafe records[kept] = record
                kept += 1
            }
        }
        return kept
    }

    private static func isSameKey(
        _ left: RecordReference,
        _ right: RecordReference,
        _ keys: some RecordKeys
    ) -> Bool {
        guard left.word == right.word else { return false }
        let leftKey = unsafe keys.key(at: left.location)
        if unsafe Self.isWhole(leftKey, depth: 0) { return true }
        return unsafe compareBytes(leftKey.span, keys.key(at: right.location).span) == 0
    }
}
