import FeatureCompute
import FeatureModel
import NativeStorage

/// Merges runs of sorted rows: key after key, and within a key by event time, created time and
/// then the number of the run, as a later run holds later rows of the source.
struct CacheMerge {
    /// Where a run is being read.
    private struct Cursor {
        let run: CacheDirectory
        /// The key that comes next.
        var key = 0
        /// The row that comes next; of the key when that is being merged.
        var row = 0
        var reader: CacheGroupReader
        /// The event times and created times of the group at hand; empty without any.
        var times: [Int64] = []
        var created: [Int64] = []
        var group = -1

        var isAtEnd: Bool { self.key == self.run.keys.count }

        /// Where the rows of the next key end.
        var end: Int { self.run.starts[self.key + 1] }
    }

    /// What orders the rows of a key in one run.
    private struct Moment {
        var time: Int64
        var created: Int64

        func isBefore(_ other: Moment) -> Bool {
            self.time != other.time ? self.time < other.time : self.created < other.created
        }
    }

    private let columns: CacheColumns
    private var cursors: [Cursor]
    private var cells: [CacheCells]
    private var rowCount = 0
    private var writer: CacheGroupWriter
    private var indices: [Int32] = []
    private static let allRows = (0..<Int32(CacheGroups.rowCount)).map { $0 }

    init(_ runs: [CacheDirectory], in file: CacheGroupReader.File, columns: CacheColumns) {
        self.columns = columns
        let all = Array(columns.types.indices)
        self.cursors = runs.map { run in
            Cursor(run: run, reader: CacheGroupReader(file, run.groups, columns: all))
        }
        self.cells = columns.types.map { CacheCells(type: $0) }
        self.writer = CacheGroupWriter(types: columns.physicalTypes)
    }

    /// Writes the merged rows as groups.
    ///
    /// - Complexity: O(rows × columns), and O(keys × runs) comparisons.
    mutating func write(to file: inout TemporaryFile) throws(CacheProblem) -> CacheDirectory {
        var keys = CacheKeys(isInteger: self.cursors[0].run.keys.isInteger)
        var starts = [0]
        var members: [Int] = []
        while true {
            self.findNextKey(&members)
            guard let first = members.first else { break }
            keys.append(self.cursors[first].key, of: self.cursors[first].run.keys)
            var count = 0
            for member in members {
                count += self.cursors[member].end - self.cursors[member].row
            }
            starts.append((starts.last ?? 0) + count)
            let merged = members
            while members.count > 1 {
                try self.writeNext(&members, to: &file)
            }
            if let last = members.first {
                try self.write(last, upTo: self.cursors[last].end, to: &file)
            }
            for member in merged { self.cursors[member].key += 1 }
        }
        if self.rowCount > 0 { try self.flush(to: &file) }
        return CacheDirectory(keys: keys, starts: starts, groups: self.writer.groups)
    }

    /// Finds the runs that have the least key of those that come next; none at the end.
    private func findNextKey(_ members: inout [Int]) {
        members.removeAll(keepingCapacity: true)
        for index in self.cursors.indices where !self.cursors[index].isAtEnd {
            guard let first = members.first else {
                members.append(index)
                continue
            }
            let order = self.cursors[index].run.keys.order(
                self.cursors[index].key,
                self.cursors[first].run.keys,
                self.cursors[first].key
            )
            if order > 0 { continue }
            if order < 0 { members.removeAll(keepingCapacity: true) }
            members.append(index)
        }
    }

    /// Writes the rows of the run whose next row comes first, up to where another one's comes.
    private mutating func writeNext(
        _ members: inout [Int],
        to file: inout TemporaryFile
    ) throws(CacheProblem) {
        var best = 0
        var bestMoment = try self.moment(members[0], self.cursors[members[0]].row)
        var other = -1
        var otherMoment = bestMoment
        for index in 1..<members.count {
            let moment = try self.moment(members[index], self.cursors[members[index]].row)
            if moment.isBefore(bestMoment) {
                (other, otherMoment) = (best, bestMoment)
                (best, bestMoment) = (index, moment)
            } else if other < 0 || moment.isBefore(otherMoment) {
                (other, otherMoment) = (index, moment)
            }
        }
        let member = members[best]
        let end = self.cursors[member].end
        var row = self.cursors[member].row + 1
        // No further than the group that is at hand, which holds what is to be written.
        while row < end, row & (CacheGroups.rowCount - 1) != 0 {
            let moment = try self.moment(member, row)
            if otherMoment.isBefore(moment) { break }
            if best > other, !moment.isBefore(otherMoment) { break }
            row += 1
        }
        try self.write(member, upTo: row, to: &file)
        if row == end { members.remove(at: best) }
    }

    private mutating func moment(_ index: Int, _ row: Int) throws(CacheProblem) -> Moment {
        try self.load(index, row)
        let place = row & (CacheGroups.rowCount - 1)
        let time = self.columns.time == nil ? 0 : self.cursors[index].times[place]
        let created = self.columns.created == nil ? 0 : self.cursors[index].created[place]
        return Moment(time: time, created: created)
    }

    /// Has the group of a row at hand.
    private mutating func load(_ index: Int, _ row: Int) throws(CacheProblem) {
        let group = row / CacheGroups.rowCount
        guard self.cursors[index].group != group else { return }
        try self.cursors[index].reader.load(group)
        self.cursors[index].group = group
        let rowCount = self.cursors[index].run.groups.rows(in: group)
        let rows = Array(Self.allRows[..<rowCount])
        var cells = CacheCells(type: .unixTimestamp)
        if let time = self.columns.time {
            self.cursors[index].reader.append(rows, of: time, to: &cells)
            self.cursors[index].times = cells.finish().integerValues
        }
        if let created = self.columns.created {
            self.cursors[index].reader.append(rows, of: created, to: &cells)
            self.cursors[index].created = cells.finish().integerValues
        }
    }

    /// Writes the next rows of a run, up to `end`.
    private mutating func write(
        _ index: Int,
        upTo end: Int,
        to file: inout TemporaryFile
    ) throws(CacheProblem) {
        while self.cursors[index].row < end {
            let row = self.cursors[index].row
            try self.load(index, row)
            let place = row & (CacheGroups.rowCount - 1)
            let count = min(
                end - row,
                CacheGroups.rowCount - place,
                CacheGroups.rowCount - self.rowCount
            )
            self.indices.removeAll(keepingCapacity: true)
            self.indices.append(contentsOf: Self.allRows[place..<(place + count)])
            for column in self.cells.indices {
                self.cursors[index].reader.append(
                    self.indices,
                    of: column,
                    to: &self.cells[column]
                )
            }
            self.rowCount += count
            self.cursors[index].row += count
            if self.rowCount == CacheGroups.rowCount { try self.flush(to: &file) }
        }
    }

    private mutating func flush(to file: inout TemporaryFile) throws(CacheProblem) {
        var columns: [Column] = []
        for column in self.cells.indices { columns.append(self.cells[column].finish()) }
        try self.writer.write(columns, rowCount: self.rowCount, to: &file)
        self.rowCount = 0
    }
}
