import Glibc
import NativeStorage

// A record of a load, in memory and in runs; least significant bytes first:
//
//   +-----------+-----------+-----+-----+
//   | key count | row count | key | row |
//   | u32       | u32       |     |     |
//   +-----------+-----------+-----+-----+

/// The length of a record before its key.
let recordHeaderLength = 8

/// One record, where it lies; it is only good as long as the memory that it points to.
@unsafe
struct RecordPointer {
    let start: UnsafeRawPointer

    private var keyCount: Int {
        unsafe Int(UInt32(littleEndian: self.start.loadUnaligned(as: UInt32.self)))
    }
    private var rowCount: Int {
        unsafe Int(
            UInt32(littleEndian: self.start.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        )
    }
    private var bytes: UnsafePointer<UInt8> {
        unsafe (self.start + recordHeaderLength).assumingMemoryBound(to: UInt8.self)
    }

    var length: Int { unsafe recordHeaderLength + self.keyCount + self.rowCount }
    var record: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: self.start, count: self.length)
    }
    var key: UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(start: self.bytes, count: self.keyCount)
    }
    var row: UnsafeBufferPointer<UInt8> {
        unsafe UnsafeBufferPointer(start: self.bytes + self.keyCount, count: self.rowCount)
    }
    /// As the row says it; every row of a load has a header.
    var age: RowAge {
        let row = unsafe UnsafeRawPointer(self.bytes + self.keyCount)
        return unsafe RowAge(
            eventTime: Int64(
                littleEndian: row.loadUnaligned(
                    fromByteOffset: RowFormat.eventTimeOffset,
                    as: Int64.self
                )
            ),
            writeTime: Int64(
                littleEndian: row.loadUnaligned(
                    fromByteOffset: RowFormat.writeTimeOffset,
                    as: Int64.self
                )
            )
        )
    }
}

/// Some rows of a load, encoded, in memory: keys ascending, each once.
///
/// Never changes after it was made, so that any thread may read it.
@safe
package final class LoadPart: Sendable {
    /// Smaller parts leave their memory to `malloc`.
    private static let smallestMapping = 128 << 10

    /// The generation of the keys.
    let viewID: UInt32
    /// The schema of the rows.
    let schemaID: UInt16
    /// The records, in the order of ``references``.
    nonisolated(unsafe) private let memory: UnsafeMutableRawPointer
    private let byteCount: Int
    private let isMapped: Bool
    /// Where the records are; the location is the offset of a record.
    let references: [RecordReference]

    /// - Parameters:
    ///   - viewID: The generation of the keys.
    ///   - schemaID: The schema of the rows.
    ///   - byteCount: How many bytes the records are.
    ///   - references: Where they are, keys ascending.
    ///   - fill: Fills all of the memory that it gets.
    init(
        viewID: UInt32,
        schemaID: UInt16,
        byteCount: Int,
        references: [RecordReference],
        fill: (UnsafeMutableRawPointer) -> Void
    ) {
        self.viewID = viewID
        self.schemaID = schemaID
        self.byteCount = byteCount
        self.references = references
        let mapping = unsafe Self.mapping(byteCount)
        self.isMapped = unsafe mapping != nil
        unsafe self.memory = mapping ?? .allocate(byteCount: max(byteCount, 1), alignment: 16)
        unsafe fill(self.memory)
    }

    deinit {
        if self.isMapped {
            unsafe munmap(self.memory, self.byteCount)
        } else {
            unsafe self.memory.deallocate()
        }
    }

    /// Memory of its own for a part that is not small.
    ///
    /// It goes back to the system as soon as the part is spilled: `malloc` would keep what threads
    /// that have ended had, and the process would hold more than the load's budget.
    private static func mapping(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        guard byteCount >= Self.smallestMapping else { return nil }
        // Having all pages made at once is quicker than one by one.
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE
        let memory = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        return unsafe memory == MAP_FAILED ? nil : memory
    }

    /// The memory that it takes.
    package var size: Int {
        self.byteCount + self.references.count * MemoryLayout<RecordReference>.stride
    }

    var base: UnsafeRawPointer { unsafe UnsafeRawPointer(self.memory) }

    /// The record of that index.
    func record(at index: Int) -> RecordPointer {
        unsafe RecordPointer(start: self.base + Int(self.references[index].location))
    }

    /// The index of the first record whose key is not less than `key`.
    ///
    /// - Complexity: O(log records) comparisons.
    func lowerBound(of key: [UInt8]) -> Int {
        let word = unsafe key.withUnsafeBufferPointer { unsafe keyWord($0, depth: 0) }
        var low = 0
        var high = self.references.count
        while low < high {
            let middle = (low + high) / 2
            let other = self.references[middle].word
            let isLess =
                other != word
                ? other < word
                : unsafe compareBytes(self.record(at: middle).key.span, key.span) < 0
            if isLess {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// The age of the row of a key; `nil` when there is none.
    func age(of key: [UInt8]) -> RowAge? {
        let index = self.lowerBound(of: key)
        guard index < self.references.count else { return nil }
        let record = unsafe self.record(at: index)
        guard unsafe compareBytes(record.key.span, key.span) == 0 else { return nil }
        return unsafe record.age
    }
}
