import FeatureCompute
import FeatureModel
import NativeStorage

/// Looks up the rows of one key after the other.
struct SQLiteKeySeek: ~Copyable {
    /// How the event times of a key sort.
    private enum TimeOrder {
        /// Numbers, which sort by time.
        case numbers
        /// Texts that begin with the year and a dash, which sort by their day.
        case days
        /// Anything else.
        case unknown
    }

    private static let day: Int64 = 86_400_000_000

    private let hasTime: Bool
    private let hasCreatedTimes: Bool
    private let ttl: Int64
    private var parser: CellParser
    /// The first and the last time of a key in the index.
    private var ends: SQLiteRow
    /// The first time of a key at or after a parameter.
    private var next: SQLiteRow
    /// The times of a key before a parameter, backwards.
    private var times: SQLiteRow
    /// The row that has a rowid.
    private var row: SQLiteRow
    /// All rows of a key.
    private var all: SQLiteRow
    /// The rows of the current key that were read, by rowid, with their created times; `nil` for
    /// those that are bad, or wanted by no slot.
    private var known: [Int64: Int64?] = [:]

    /// Whether a time without zone was read.
    var sawZonelessTime: Bool { self.parser.sawZonelessTime }

    init(
        _ seeker: SQLiteSeeker,
        _ database: SQLiteDatabase,
        _ scan: SourceScan
    ) throws(OfflineStoreError) {
        let columns = ScanLayout(scan).columns.map { quotedIdentifier($0) }
        let cells = (columns + [seeker.rowID]).joined(separator: ", ")
        let table = quotedIdentifier(seeker.table)
        func prepare(_ sql: String, cells: Int, rowID: Int?) throws(OfflineStoreError) -> SQLiteRow
        {
            SQLiteRow(
                statement: try SQLiteSource.prepare(sql, database),
                relation: seeker.source.title,
                positions: Array(0..<cells),
                rowIDPosition: rowID
            )
        }
        let parser = try RowAssembler.parser(of: scan.source)
        let row = try prepare(
            "SELECT \(cells) FROM \(table) WHERE \(seeker.rowID) = ?1",
            cells: columns.count,
            rowID: columns.count
        )
        let all = try prepare(
            seeker.select(cells, where: seeker.isKey),
            cells: columns.count,
            rowID: columns.count
        )
        // Without a time the statements about times are never run.
        let time = seeker.time.map { quotedIdentifier($0) } ?? "NULL"
        let key = seeker.isKey
        let bound = "?\(seeker.keys.count + 1)"
        let first = seeker.select(time, where: "\(key) ORDER BY \(time) LIMIT 1")
        let last = seeker.select(time, where: "\(key) ORDER BY \(time) DESC LIMIT 1")
        let ends = try prepare("SELECT (\(first)), (\(last))", cells: 2, rowID: nil)
        let next = try prepare(
            seeker.select(time, where: "\(key) AND \(time) >= \(bound) ORDER BY \(time) LIMIT 1"),
            cells: 1,
            rowID: nil
        )
        let times = try prepare(
            seeker.select(
                "\(time), \(seeker.rowID)",
                where: "\(key) AND \(time) < \(bound) ORDER BY \(time) DESC"
            ),
            cells: 1,
            rowID: 1
        )
        self.hasTime = seeker.index.hasTime
        self.hasCreatedTimes = scan.hasCreatedTimes
        self.ttl = scan.keyFilter?.ttl ?? 0
        self.parser = parser
        self.row = row
        self.all = all
        self.ends = ends
        self.next = next
        self.times = times
    }

    /// Gives the rows that the slots of a key want to an assembler.
    ///
    /// - Parameters:
    ///   - key: The id of the key.
    ///   - parts: Its columns.
    ///   - filter: The slots.
    ///   - assembler: Takes the rows; none is finished meanwhile.
    /// - Throws: What SQLite throws.
    mutating func seek(
        _ key: Int32,
        _ parts: [SQLiteKeyPart],
        _ filter: KeyFilter,
        _ assembler: inout RowAssembler
    ) throws(OfflineStoreError) {
        let order = try self.order(key, parts, filter)
        guard order != .unknown else { return try self.readAll(parts, &assembler) }
        self.known.removeAll(keepingCapacity: true)
        for slot in filter.slots.slots(ofKey: Int(key)) {
            try self.walk(
                back: filter.slots.times[slot],
                order,
                key,
                parts,
                filter,
                &assembler
            )
        }
    }

    private mutating func readAll(
        _ parts: [SQLiteKeyPart],
        _ assembler: inout RowAssembler
    ) throws(OfflineStoreError) {
        try self.all.restart(with: parts)
        while try self.all.step() {
            assembler.add(&self.all)
        }
    }

    /// How the times of a key sort.
    private mutating func order(
        _ key: Int32,
        _ parts: [SQLiteKeyPart],
        _ filter: KeyFilter
    ) throws(OfflineStoreError) -> TimeOrder {
        guard self.hasTime else { return .unknown }
        try self.ends.restart(with: parts)
        guard try self.ends.step() else { return .unknown }
        let classes = (self.ends.value(at: 0), self.ends.value(at: 1))
        guard let first = self.ends.integer(at: 0, kind: .unixTimestamp, parser: &self.parser),
            let last = self.ends.integer(at: 1, kind: .unixTimestamp, parser: &self.parser)
        else { return .unknown }
        // Whatever no slot sees is noted, for the reasons of gaps.
        _ = filter.slot(ofKey: key, at: first)
        _ = filter.slot(ofKey: key, at: last)
        switch classes {
        case (.number, .number): return .numbers
        case (.text(let first), .text(let last)):
            return try self.isAllDays(from: first, to: last, parts) ? .days : .unknown
        default: return .unknown
        }
    }

    /// Whether all texts from the first to the last of a key begin with a year and a dash: within a
    /// year those between two that do so do it as well.
    private mutating func isAllDays(
        from first: [UInt8],
        to last: [UInt8],
        _ parts: [SQLiteKeyPart]
    ) throws(OfflineStoreError) -> Bool {
        guard var year = Self.year(first), let lastYear = Self.year(last) else { return false }
        while year != lastYear {
            // Every time of the year is before this text, which is no number.
            try self.next.restart(with: parts + [.text(year + Array("-~".utf8))])
            guard try self.next.step(), case .text(let text) = self.next.value(at: 0),
                let following = Self.year(text), following != year
            else { return false }
            year = following
        }
        return true
    }

    /// The first four digits of a text that go on with a dash.
    private static func year(_ text: [UInt8]) -> [UInt8]? {
        guard text.count > 4, text[4] == UInt8(ascii: "-") else { return nil }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return text[..<4].allSatisfy(digits.contains) ? Array(text[..<4]) : nil
    }

    /// Reads what a slot wants: the newest rows at or before it and, where there are created times,
    /// on to the newest one that was known.
    private mutating func walk(
        back now: Int64,
        _ order: TimeOrder,
        _ key: Int32,
        _ parts: [SQLiteKeyPart],
        _ filter: KeyFilter,
        _ assembler: inout RowAssembler
    ) throws(OfflineStoreError) {
        // A text's own day is at most one day off, and then there is the rest of the day.
        let slack: Int64 = order == .days ? 3 * Self.day : 1_000_000
        let bound: SQLiteKeyPart =
            order == .days
            ? .text(Self.dayText(now &+ 2 * Self.day)) : .integer(now / 1_000_000 + 2)
        try self.times.restart(with: parts + [bound])
        var pending: [(time: Int64, rowID: Int64)] = []
        var newest = Int64.min
        /// What follows in the index is earlier than this.
        var limit = Int64.max
        while true {
            while limit > newest {
                guard try self.times.step() else {
                    // Another step would begin anew.
                    limit = .min
                    break
                }
                let read = self.times.integer(at: 0, kind: .unixTimestamp, parser: &self.parser)
                guard let time = read else {
                    // It is bad, and counts as such once.
                    try self.add(self.times.ordinal, &assembler)
                    continue
                }
                limit = min(limit, time &+ slack)
                if time > now { continue }
                pending.append((time, self.times.ordinal))
                newest = max(newest, time)
            }
            guard !pending.isEmpty else { return }
            if isTooOld(newest, at: now, ttl: self.ttl) {
                _ = filter.slot(ofKey: key, at: newest)
                return
            }
            var isDone = false
            for entry in pending where entry.time == newest {
                guard let created = try self.add(entry.rowID, &assembler) else { continue }
                isDone =
                    isDone || !self.hasCreatedTimes || (created != missingTime && created <= now)
            }
            if isDone { return }
            pending.removeAll { $0.time == newest }
            newest = pending.map(\.time).max() ?? .min
        }
    }

    /// Reads a row, once for each key.
    ///
    /// - Returns: Its created time, or `nil` when the row is bad or no slot wants it.
    @discardableResult
    private mutating func add(
        _ rowID: Int64,
        _ assembler: inout RowAssembler
    ) throws(OfflineStoreError) -> Int64? {
        if let known = self.known[rowID] { return known }
        var created: Int64?
        try self.row.restart(with: [.integer(rowID)])
        if try self.row.step() {
            let before = assembler.report.rowsKept
            assembler.add(&self.row)
            if assembler.report.rowsKept > before { created = assembler.lastCreated }
        }
        self.known[rowID] = .some(created)
        return created
    }

    /// The day of an instant: `2026-01-31`; beyond the years of four digits one that is later than
    /// all.
    private static func dayText(_ time: Int64) -> [UInt8] {
        let latest = Timestamp.latest.microseconds
        let earliest = Timestamp.earliest.microseconds
        var text: [UInt8] = []
        guard time < latest else { return Array("9999-~".utf8) }
        Timestamp(microseconds: max(earliest, time)).append(to: &text)
        return Array(text.prefix(10))
    }
}
