import FeatureCompute
import FeatureModel
import NativeStorage

/// One thread of a scan of a cache.
final class CacheScanWorker {
    private let scan: CacheScan
    private var times: CacheTimes
    private var features: CacheGroupReader
    /// The rows that were chosen, in ascending order of each key.
    private var rows: [Int] = []
    private var ids: [Int32] = []
    private var slots: [Int32] = []
    private var eventTimes: [Int64] = []
    private var created: [Int64] = []
    private var indices: [Int32] = []

    init(_ scan: CacheScan) {
        let (file, groups) = (scan.file.file, scan.file.directory.groups)
        self.scan = scan
        self.times = CacheTimes(file, groups, scan.columns)
        self.features = CacheGroupReader(file, groups, columns: scan.wanted)
    }

    /// Reads the rows of some keys.
    func read<Part: Sendable>(
        _ visits: Range<Int>,
        transform: SourceBatch.Transform<Part>
    ) -> CachePiece<Part> {
        var piece = CachePiece<Part>()
        do throws(CacheProblem) {
            self.rows.removeAll(keepingCapacity: true)
            self.ids.removeAll(keepingCapacity: true)
            self.slots.removeAll(keepingCapacity: true)
            self.eventTimes.removeAll(keepingCapacity: true)
            self.created.removeAll(keepingCapacity: true)
            for visit in visits {
                let id = self.scan.id(visit)
                let rows = try self.countedRows(self.scan.rows(visit), id)
                guard !rows.isEmpty else { continue }
                if let (slots, ttl) = self.scan.slots {
                    piece.oldest.append((id, try self.times.time(of: rows.lowerBound)))
                    try self.choose(rows, id, slots, ttl)
                } else {
                    try self.choose(rows, id, &piece)
                }
            }
            piece.rowsKept = self.rows.count
            if self.scan.columns.time != nil { piece.newest = self.eventTimes.max() }
            var start = 0
            while start < self.rows.count, piece.error == nil {
                let end = min(start + RowAssembler.batchSize, self.rows.count)
                let batch = try self.batch(start..<end)
                do throws(OfflineStoreError) {
                    piece.parts.append(try transform(batch))
                } catch {
                    piece.error = error
                }
                start = end
            }
        } catch {
            piece.error = OfflineStoreError(code: .damagedCache, message: error.message)
        }
        return piece
    }

    // MARK: Rows

    /// The rows of a key without those from before its entity was forgotten.
    private func countedRows(_ rows: Range<Int>, _ id: Int32) throws(CacheProblem) -> Range<Int> {
        guard !self.scan.forgottenUntil.isEmpty else { return rows }
        let limit = self.scan.forgottenUntil[Int(id)]
        return try self.times.end(in: rows, notAfter: limit)..<rows.upperBound
    }

    private func take(_ row: Int, _ id: Int32) throws(CacheProblem) {
        self.rows.append(row)
        self.ids.append(id)
        self.eventTimes.append(self.scan.columns.time == nil ? 0 : try self.times.time(of: row))
        guard self.scan.hasCreatedTimes else { return }
        let known = try self.times.created(of: row)
        self.created.append(known)
    }

    /// Takes the rows of a key in the scan's window, or only the newest of them.
    private func choose<Part: Sendable>(
        _ rows: Range<Int>,
        _ id: Int32,
        _ piece: inout CachePiece<Part>
    ) throws(CacheProblem) {
        var end = rows.upperBound
        if let latest = self.scan.file.summary.latest, latest > self.scan.latest {
            end = try self.times.end(in: rows, notAfter: self.scan.latest)
        }
        piece.afterEnd += rows.upperBound - end
        var start = rows.lowerBound
        if self.scan.earliest > .min, start < end {
            // What lies before the window: up to the instant before it.
            start = try self.times.end(in: start..<end, notAfter: self.scan.earliest - 1)
        }
        guard let latestCreated = self.scan.latestCreated else {
            if self.scan.newestOnly, start < end { start = end - 1 }
            for row in start..<end { try self.take(row, id) }
            return
        }
        var newest: Int?
        for row in start..<end {
            let known = try self.times.created(of: row)
            if known == missingTime || known > latestCreated {
                piece.createdLater += 1
            } else if self.scan.newestOnly {
                newest = row
            } else {
                try self.take(row, id)
            }
        }
        if let newest { try self.take(newest, id) }
    }

    // MARK: Slots

    /// Takes the rows that the slots of a key see.
    private func choose(
        _ rows: Range<Int>,
        _ id: Int32,
        _ slots: EntitySlots,
        _ ttl: Int64
    ) throws(CacheProblem) {
        let hasCreated = self.scan.columns.created != nil
        var chosen: [Int] = []
        var low = rows.lowerBound
        var steps = 0
        for slot in slots.slots(ofKey: Int(id)) {
            let now = slots.times[slot]
            low = try self.times.end(in: low..<rows.upperBound, notAfter: now)
            guard low > rows.lowerBound else { continue }
            if !isTooOld(try self.times.time(of: low - 1), at: now, ttl: ttl) {
                chosen.append(low - 1)
            }
            guard hasCreated else { continue }
            // The newest that was known by then. Where many were not, looking for it slot by slot
            // would take too long, and all rows are left to whoever compares them.
            var row = low - 1
            while row >= rows.lowerBound, steps <= 4 * rows.count {
                steps += 1
                let known = try self.times.created(of: row)
                if known != missingTime, known <= now {
                    chosen.append(row)
                    break
                }
                row -= 1
            }
        }
        if steps > 4 * rows.count { chosen = Array(rows) }
        chosen.sort()
        var previous = -1
        for row in chosen where row != previous {
            previous = row
            let slot = slots.first(ofKey: id, from: try self.times.time(of: row))
            guard slot >= 0 else { continue }
            try self.take(row, id)
            self.slots.append(slot)
        }
    }

    // MARK: Batches

    private func batch(_ range: Range<Int>) throws(CacheProblem) -> SourceBatch {
        var cells = self.scan.wanted.map { CacheCells(type: self.scan.columns.types[$0]) }
        var start = range.lowerBound
        while start < range.upperBound, !cells.isEmpty {
            let group = self.rows[start] / CacheGroups.rowCount
            self.indices.removeAll(keepingCapacity: true)
            while start < range.upperBound, self.rows[start] / CacheGroups.rowCount == group {
                self.indices.append(Int32(self.rows[start] & (CacheGroups.rowCount - 1)))
                start += 1
            }
            try self.features.load(group)
            for (index, column) in self.scan.wanted.enumerated() {
                self.features.append(self.indices, of: column, to: &cells[index])
            }
        }
        var features: [Column] = []
        for index in cells.indices { features.append(cells[index].finish()) }
        let ids = Array(self.ids[range])
        let hasSlots = self.scan.slots != nil
        let keys = self.scan.file.directory.keys
        let keyTypes = self.scan.columns.keyTypes
        guard let keyColumns = hasSlots ? [] : keys.columns(ids, types: keyTypes) else {
            throw CacheProblem("\(self.scan.file.file.file.path) is damaged")
        }
        return SourceBatch(
            rowCount: range.count,
            keyIDs: hasSlots ? ids : [],
            slots: hasSlots ? Array(self.slots[range]) : [],
            keyColumns: keyColumns,
            times: Array(self.eventTimes[range]),
            created: self.scan.hasCreatedTimes ? Array(self.created[range]) : nil,
            features: features
        )
    }
}

/// The event times and created times of a cache, group by group.
struct CacheTimes {
    private let columns: CacheColumns
    private let groups: CacheGroups
    private var reader: CacheGroupReader
    private var group = -1
    private var times: [Int64] = []
    private var created: [Int64] = []

    init(_ file: CacheGroupReader.File, _ groups: CacheGroups, _ columns: CacheColumns) {
        self.columns = columns
        self.groups = groups
        let places = [columns.time, columns.created].compactMap { $0 }
        self.reader = CacheGroupReader(file, groups, columns: places)
    }

    /// The event time of a row; ``missingTime`` in a static table.
    mutating func time(of row: Int) throws(CacheProblem) -> Int64 {
        guard self.columns.time != nil else { return missingTime }
        try self.load(row)
        return self.times[row & (CacheGroups.rowCount - 1)]
    }

    /// When a row became known, ``missingTime`` when that is not said.
    mutating func created(of row: Int) throws(CacheProblem) -> Int64 {
        guard self.columns.created != nil else { return knownFromTheBeginning }
        try self.load(row)
        return self.created[row & (CacheGroups.rowCount - 1)]
    }

    /// Where the rows end whose event time is not after `time`, of rows that come by time.
    mutating func end(in rows: Range<Int>, notAfter time: Int64) throws(CacheProblem) -> Int {
        var low = rows.lowerBound
        var high = rows.upperBound
        while low < high {
            let middle = low + (high - low) / 2
            if try self.time(of: middle) <= time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func load(_ row: Int) throws(CacheProblem) {
        let group = row / CacheGroups.rowCount
        guard group != self.group else { return }
        self.group = -1
        try self.reader.load(group)
        let rows = (0..<Int32(self.groups.rows(in: group))).map { $0 }
        var cells = CacheCells(type: .unixTimestamp)
        if let column = self.columns.time {
            self.reader.append(rows, of: column, to: &cells)
            self.times = cells.finish().integerValues
        }
        if let column = self.columns.created {
            self.reader.append(rows, of: column, to: &cells)
            self.created = cells.finish().integerValues
        }
        self.group = group
    }
}
