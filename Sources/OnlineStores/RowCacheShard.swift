import NativeStorage

/// One part of a ``RowCache``: an index by open addressing over a ring of entries.
///
/// New entries go to the head of the ring, and room is made at its tail: an entry that was read
/// since it last came by moves to the head once more (CLOCK), any other goes. Entries lie in one
/// block of memory, so that there is neither an allocation nor a reference count for each, and the
/// cache takes what it may and no more. The block is reserved with the first entry, and takes
/// memory only as far as it has been filled.
@safe
struct RowCacheShard: ~Copyable {
    // An entry of the ring; every entry starts at a multiple of 8:
    //
    //   offset
    //   0        bytes of the whole entry      u32
    //   4        flags                         u8
    //   6        schema id                     u16
    //   8        low bits of the key's hash    u32
    //   12       bytes of the key              u32
    //   16       bytes of the row              u32
    //   20       bytes of the text             u32
    //   24       event time, µs                i64
    //   32       created or write time, µs     i64
    //   40       key, row, text, and nothing up to the next multiple of 8
    private enum Entry {
        static let headerLength = 40
        static let isLive: UInt8 = 1
        static let wasRead: UInt8 = 2
        static let isPresent: UInt8 = 4
        static let hasRow: UInt8 = 8
        static let hasText: UInt8 = 16
    }

    /// So many entries are given another round for one new entry, so that it never takes long.
    private static let maximumRounds = 16
    private static let pendingBuckets = 256

    private let capacity: Int
    private let maximumSlots: Int
    private var memory: UnsafeMutableRawPointer?
    /// The low bits of the hash, and an eighth of the entry's offset plus one; 0 for none.
    private var slots: [UInt64] = []
    private var entryCount = 0
    private var head = 0
    private var tail = 0
    /// The bytes of the ring from tail to head.
    private var used = 0
    /// The look-ups that found what they wanted, and those that did not.
    private(set) var hits = 0
    private(set) var misses = 0
    /// How many writes under way have a key of that bucket.
    private var pending = [UInt32](repeating: 0, count: RowCacheShard.pendingBuckets)
    /// The views of which writes under way may change every row.
    private var pendingViews: [UInt32] = []

    /// - Parameter byteCount: What the shard may take, index included.
    init(byteCount: Int) {
        // A sixteenth for the index: a slot for each 128 bytes, and rows are longer.
        var slots = 64
        while slots * 2 * 8 * 16 <= byteCount {
            slots *= 2
        }
        self.maximumSlots = slots
        // Offsets are kept as eighths in 32 bits.
        self.capacity = min(max(byteCount - slots * 8, 0), 8 * Int(UInt32.max - 1)) / 8 * 8
        unsafe self.memory = nil
    }

    deinit {
        unsafe self.memory?.deallocate()
    }

    /// What the entries and the index take now, in bytes.
    var byteCount: Int { self.used + self.slots.count * 8 }

    // MARK: Reading

    /// Finds what is known of a key, and copies it.
    ///
    /// - Parameters:
    ///   - hash: The key's.
    ///   - key: The key.
    ///   - form: Which form of the row is wanted.
    ///   - index: The key's index in `rows`.
    ///   - rows: Gets what was found.
    /// - Returns: What became of the look-up.
    mutating func read(
        _ hash: UInt64,
        key: Span<UInt8>,
        form: RowForm,
        index: Int,
        into rows: inout RowBatch
    ) -> RowCache.LookUp {
        if self.isPending(hash, key: key) { return .pending }
        // A miss until it is found.
        self.misses += 1
        guard let slot = self.slot(of: hash, key: key) else { return .missing }
        let entry = self.offset(inSlot: slot)
        let flags = self.flags(entry)
        let wanted = form == .row ? Entry.hasRow : Entry.hasText
        guard flags & Entry.isPresent == 0 || flags & wanted != 0 else { return .missing }
        self.misses -= 1
        self.hits += 1
        self.setFlags(flags | Entry.wasRead, entry)
        guard flags & Entry.isPresent != 0 else { return .found }
        var row = FoundRow()
        row.schemaID = self.load(entry + 6, as: UInt16.self)
        row.eventTime = self.load(entry + 24, as: Int64.self)
        row.writeTime = self.load(entry + 32, as: Int64.self)
        let range = form == .row ? self.rowRange(entry) : self.textRange(entry)
        unsafe rows.set(index, row, bytes: self.bytes(range).span)
        return .found
    }

    private func isPending(_ hash: UInt64, key: Span<UInt8>) -> Bool {
        if self.pending[Self.bucket(hash)] > 0 { return true }
        guard !self.pendingViews.isEmpty, let view = viewID(ofKey: key) else { return false }
        return self.pendingViews.contains(view)
    }

    private static func bucket(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash >> 32) & (Self.pendingBuckets - 1)
    }

    // MARK: Filling

    /// Takes up what a read of the database found for a key, unless a write of it is under way.
    ///
    /// Another form of the row that is known already stays.
    ///
    /// - Parameters:
    ///   - hash: The key's.
    ///   - key: The key.
    ///   - row: What was found; its place in a batch does not matter.
    ///   - form: The form of the row that `bytes` are.
    ///   - bytes: The row, or its text.
    mutating func insert(
        _ hash: UInt64,
        key: Span<UInt8>,
        row: FoundRow,
        form: RowForm,
        bytes: Span<UInt8>
    ) {
        guard !self.isPending(hash, key: key) else { return }
        var other: [UInt8] = []
        var flags = Entry.isLive
        if row.isPresent {
            flags |= Entry.isPresent | (form == .row ? Entry.hasRow : Entry.hasText)
        }
        if let slot = self.slot(of: hash, key: key) {
            let entry = self.offset(inSlot: slot)
            let otherForm = form == .row ? Entry.hasText : Entry.hasRow
            if row.isPresent, self.flags(entry) & otherForm != 0 {
                flags |= otherForm
                let range = form == .row ? self.textRange(entry) : self.rowRange(entry)
                other = unsafe Array(self.bytes(range))
            }
            self.remove(slot: slot)
        }
        let length =
            (Entry.headerLength + key.count + bytes.count + other.count + 7) / 8 * 8
        guard let entry = self.makeRoom(length) else { return }
        self.store(UInt32(length), entry)
        self.setFlags(flags, entry)
        self.store(row.schemaID, entry + 6)
        self.store(UInt32(truncatingIfNeeded: hash), entry + 8)
        self.store(UInt32(key.count), entry + 12)
        self.store(UInt32(form == .row ? bytes.count : other.count), entry + 16)
        self.store(UInt32(form == .row ? other.count : bytes.count), entry + 20)
        self.store(row.eventTime, entry + 24)
        self.store(row.writeTime, entry + 32)
        let start = entry + Entry.headerLength
        self.copy(key, to: start)
        if form == .row {
            self.copy(bytes, to: start + key.count)
            self.copy(other.span, to: start + key.count + bytes.count)
        } else {
            self.copy(other.span, to: start + key.count)
            self.copy(bytes, to: start + key.count + other.count)
        }
        self.addSlot(tag: UInt32(truncatingIfNeeded: hash), offset: entry)
    }

    /// Room for an entry at the head of the ring; `nil` when it can have none.
    private mutating func makeRoom(_ length: Int) -> Int? {
        // An entry that takes much of the ring costs more rows than it is.
        guard length <= self.capacity / 8 else { return nil }
        if unsafe self.memory == nil {
            unsafe self.memory = UnsafeMutableRawPointer.allocate(
                byteCount: self.capacity,
                alignment: 8
            )
            self.slots = [UInt64](repeating: 0, count: min(self.maximumSlots, 64))
        }
        if (self.entryCount + 1) * 4 > self.slots.count * 3 {
            self.growIndex()
        }
        var rounds = 0
        while (self.entryCount + 1) * 8 > self.slots.count * 7 {
            self.dropLast(rounds: &rounds)
        }
        while true {
            let isWrapped = self.used > 0 && self.tail >= self.head
            let free = (isWrapped ? self.tail : self.capacity) - self.head
            if free >= length { break }
            if isWrapped {
                self.dropLast(rounds: &rounds)
            } else {
                self.fillToEnd()
            }
        }
        let entry = self.head
        self.head += length
        self.used += length
        return entry
    }

    /// Goes on at the start of the ring.
    private mutating func fillToEnd() {
        let rest = self.capacity - self.head
        if self.used == 0 {
            self.tail = 0
        } else if rest > 0 {
            self.store(UInt32(rest), self.head)
            self.setFlags(0, self.head)
            self.used += rest
        }
        self.head = 0
    }

    /// Frees the entry at the tail; one that was read moves to the head instead.
    private mutating func dropLast(rounds: inout Int) {
        if self.tail == self.capacity {
            self.tail = 0
        }
        let entry = self.tail
        let length = Int(self.load(entry, as: UInt32.self))
        let flags = self.flags(entry)
        self.tail += length
        self.used -= length
        if self.tail == self.capacity {
            self.tail = 0
        }
        guard flags & Entry.isLive != 0 else { return }
        let tag = self.load(entry + 8, as: UInt32.self)
        guard let slot = self.slot(tag: tag, offset: entry) else { return }
        guard flags & Entry.wasRead != 0, rounds < Self.maximumRounds else {
            self.removeSlot(slot)
            return
        }
        rounds += 1
        // What was freed just now is room enough: it lies at the head, or before the tail.
        if self.used == 0 {
            self.head = entry
            self.tail = entry
        } else if self.head >= self.tail, self.capacity - self.head < length {
            self.fillToEnd()
        }
        let target = self.head
        self.move(entry, to: target, length: length)
        self.setFlags(flags & ~Entry.wasRead, target)
        self.head += length
        self.used += length
        self.slots[slot] = Self.slotValue(tag: tag, offset: target)
    }

    // MARK: Writes

    /// Forgets a key, and keeps it out until ``endWrite(_:)``.
    mutating func beginWrite(_ hash: UInt64, key: Span<UInt8>) {
        self.pending[Self.bucket(hash)] += 1
        if let slot = self.slot(of: hash, key: key) {
            self.remove(slot: slot)
        }
    }

    /// The key may be kept again.
    mutating func endWrite(_ hash: UInt64) {
        self.pending[Self.bucket(hash)] -= 1
    }

    /// Forgets a view's rows, and keeps them out until ``endWrite(ofView:)``.
    ///
    /// - Complexity: O(entries).
    mutating func beginWrite(ofView view: UInt32) {
        self.pendingViews.append(view)
        self.removeAll { $0 == view }
    }

    /// The view's rows may be kept again.
    mutating func endWrite(ofView view: UInt32) {
        if let index = self.pendingViews.firstIndex(of: view) {
            self.pendingViews.remove(at: index)
        }
    }

    /// Forgets the rows of some views.
    ///
    /// - Complexity: O(entries).
    mutating func removeAll(where isGone: (UInt32) -> Bool) {
        var entry = self.tail
        var left = self.used
        while left > 0 {
            if entry == self.capacity {
                entry = 0
            }
            let length = Int(self.load(entry, as: UInt32.self))
            if self.flags(entry) & Entry.isLive != 0 {
                let key = unsafe self.bytes(self.keyRange(entry)).span
                if let view = viewID(ofKey: key), isGone(view),
                    let slot = self.slot(
                        tag: self.load(entry + 8, as: UInt32.self),
                        offset: entry
                    )
                {
                    self.remove(slot: slot)
                }
            }
            entry += length
            left -= length
        }
    }

    // MARK: Index

    private static func slotValue(tag: UInt32, offset: Int) -> UInt64 {
        UInt64(tag) << 32 | UInt64(offset / 8 + 1)
    }

    private func offset(inSlot slot: Int) -> Int {
        (Int(UInt32(truncatingIfNeeded: self.slots[slot])) - 1) * 8
    }

    /// The slot of a key.
    private func slot(of hash: UInt64, key: Span<UInt8>) -> Int? {
        guard !self.slots.isEmpty else { return nil }
        let tag = UInt32(truncatingIfNeeded: hash)
        let mask = self.slots.count - 1
        var slot = Int(tag) & mask
        while self.slots[slot] != 0 {
            if UInt32(truncatingIfNeeded: self.slots[slot] >> 32) == tag {
                let range = self.keyRange(self.offset(inSlot: slot))
                if range.count == key.count,
                    unsafe compareBytes(self.bytes(range).span, key) == 0
                {
                    return slot
                }
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The slot of the entry at that offset.
    private func slot(tag: UInt32, offset: Int) -> Int? {
        guard !self.slots.isEmpty else { return nil }
        let value = Self.slotValue(tag: tag, offset: offset)
        let mask = self.slots.count - 1
        var slot = Int(tag) & mask
        while self.slots[slot] != 0 {
            if self.slots[slot] == value { return slot }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private mutating func addSlot(tag: UInt32, offset: Int) {
        let mask = self.slots.count - 1
        var slot = Int(tag) & mask
        while self.slots[slot] != 0 {
            slot = (slot + 1) & mask
        }
        self.slots[slot] = Self.slotValue(tag: tag, offset: offset)
        self.entryCount += 1
    }

    /// Forgets an entry, whose place becomes free when the tail comes to it.
    private mutating func remove(slot: Int) {
        self.setFlags(0, self.offset(inSlot: slot))
        self.removeSlot(slot)
    }

    /// Empties a slot, and closes the gap that it would be for those after it.
    private mutating func removeSlot(_ slot: Int) {
        let mask = self.slots.count - 1
        var gap = slot
        var next = (slot + 1) & mask
        while self.slots[next] != 0 {
            let wanted = Int(truncatingIfNeeded: self.slots[next] >> 32) & mask
            if (next - wanted) & mask >= (next - gap) & mask {
                self.slots[gap] = self.slots[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        self.slots[gap] = 0
        self.entryCount -= 1
    }

    private mutating func growIndex() {
        guard self.slots.count < self.maximumSlots else { return }
        let old = self.slots
        self.slots = [UInt64](repeating: 0, count: old.count * 2)
        let mask = self.slots.count - 1
        for value in old where value != 0 {
            var slot = Int(truncatingIfNeeded: value >> 32) & mask
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask
            }
            self.slots[slot] = value
        }
    }

    // MARK: Memory

    private func keyRange(_ entry: Int) -> Range<Int> {
        let start = entry + Entry.headerLength
        return start..<start + Int(self.load(entry + 12, as: UInt32.self))
    }

    private func rowRange(_ entry: Int) -> Range<Int> {
        let start = self.keyRange(entry).upperBound
        return start..<start + Int(self.load(entry + 16, as: UInt32.self))
    }

    private func textRange(_ entry: Int) -> Range<Int> {
        let start = self.rowRange(entry).upperBound
        return start..<start + Int(self.load(entry + 20, as: UInt32.self))
    }

    private func flags(_ entry: Int) -> UInt8 { self.load(entry + 4, as: UInt8.self) }

    private func setFlags(_ flags: UInt8, _ entry: Int) { self.store(flags, entry + 4) }

    private func load<Value: BitwiseCopyable>(_ offset: Int, as type: Value.Type) -> Value {
        guard let memory = unsafe self.memory else {
            preconditionFailure("an entry lies in memory")
        }
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= self.capacity)
        return unsafe memory.load(fromByteOffset: offset, as: type)
    }

    private func store<Value: BitwiseCopyable>(_ value: Value, _ offset: Int) {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= self.capacity)
        unsafe self.memory?.storeBytes(of: value, toByteOffset: offset, as: Value.self)
    }

    private func bytes(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        precondition(range.lowerBound >= 0 && range.upperBound <= self.capacity)
        guard let memory = unsafe self.memory else {
            return unsafe UnsafeBufferPointer(start: nil, count: 0)
        }
        let start = unsafe (memory + range.lowerBound).assumingMemoryBound(to: UInt8.self)
        return unsafe UnsafeBufferPointer(start: start, count: range.count)
    }

    private func copy(_ bytes: Span<UInt8>, to offset: Int) {
        precondition(offset >= 0 && offset + bytes.count <= self.capacity)
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            unsafe self.memory.map {
                unsafe ($0 + offset).copyMemory(from: base, byteCount: source.count)
            }
        }
    }

    /// Copies an entry to where it may overlap itself.
    private func move(_ entry: Int, to target: Int, length: Int) {
        precondition(max(entry, target) + length <= self.capacity)
        unsafe self.memory.map {
            unsafe ($0 + target).copyMemory(from: $0 + entry, byteCount: length)
        }
    }
}
