import FeatureCompute
import FeatureModel
import Foundation
import NativeStorage
import Synchronization

/// What of a cache's rows is not in its groups: the keys, and where the rows of each lie.
struct CacheDirectory: Sendable {
    /// The different keys, in ascending order.
    var keys: CacheKeys
    /// Where the rows of each key begin, and where the last end, `[keys + 1]`.
    var starts: [Int]
    /// Where the groups of rows lie.
    var groups: CacheGroups
}

/// Sorts the rows of a source by key, event time, created time and source order, however many
/// there are.
///
/// Rows are gathered up to a limit, sorted, and written to a file as a run, by a thread of its own
/// while the next ones come; the runs are merged in the end. The file has no name and is gone with
/// the process. Rows that do not reach the limit never leave memory.
final class CacheSorter {
    private struct State {
        /// Rows that wait to be sorted.
        var waiting: CacheRows?
        var isBusy = false
        var runs: [CacheDirectory] = []
        var problem: CacheProblem?
    }

    /// What the threads share.
    private final class Exchange: Sendable {
        private let state = Mutex(State())
        /// Held for every change of the state, which it announces.
        private let changed = NSCondition()

        func wait<Result: Sendable>(
            until isReady: (State) -> Bool = { _ in true },
            then change: (inout State) -> Result
        ) -> Result {
            self.changed.lock()
            defer { self.changed.unlock() }
            while !self.state.withLock({ isReady($0) }) { self.changed.wait() }
            defer { self.changed.broadcast() }
            return self.state.withLock { change(&$0) }
        }
    }

    private let columns: CacheColumns
    private let folder: String
    private let memory: Int
    private let exchange = Exchange()
    private var rows: CacheRows
    private var spill: SpillFile?

    /// A file for runs, which the thread that sorts writes.
    private final class SpillFile: Sendable {
        private let file: Mutex<TemporaryFile>

        init(folder: String) throws(CacheProblem) {
            let file: TemporaryFile
            do throws(FileError) {
                file = try TemporaryFile(in: folder, isNamed: false)
            } catch {
                throw CacheProblem(error)
            }
            self.file = Mutex(file)
        }

        func write(
            _ rows: SortedCacheRows,
            columns: CacheColumns
        ) throws(CacheProblem)
            -> CacheDirectory
        {
            try self.file.withLock { (file) throws(CacheProblem) in
                try rows.write(to: &file, columns: columns)
            }
        }

        func reader() throws(CacheProblem) -> CacheGroupReader.File {
            try self.file.withLock { (file) throws(CacheProblem) in
                do throws(FileError) {
                    return CacheGroupReader.File(try file.reader())
                } catch {
                    throw CacheProblem(error)
                }
            }
        }
    }

    /// - Parameters:
    ///   - columns: What the rows have.
    ///   - folder: Where the file of runs lies.
    ///   - memory: How many bytes of rows are gathered; as many may be sorted meanwhile.
    init(columns: CacheColumns, folder: String, memory: Int) {
        self.columns = columns
        self.folder = folder
        self.memory = memory
        self.rows = CacheRows(columns)
    }

    /// Takes the next rows.
    func append(_ batch: SourceBatch) throws(CacheProblem) {
        self.rows.append(batch)
        if self.rows.size >= self.memory { try self.submit() }
    }

    /// Writes all rows, sorted, to a file.
    func finish(into file: inout TemporaryFile) throws(CacheProblem) -> CacheDirectory {
        guard let spill = self.spill else {
            let rows = self.rows
            self.rows = CacheRows(self.columns)
            return try rows.sorted().write(to: &file, columns: self.columns)
        }
        if self.rows.count > 0 { try self.submit() }
        let (runs, problem) = self.exchange.wait(
            until: { !$0.isBusy },
            then: { ($0.runs, $0.problem) }
        )
        if let problem { throw problem }
        var merge = CacheMerge(runs, in: try spill.reader(), columns: self.columns)
        return try merge.write(to: &file)
    }

    /// Has the gathered rows sorted and written as a run.
    private func submit() throws(CacheProblem) {
        let spill: SpillFile
        if let known = self.spill {
            spill = known
        } else {
            spill = try SpillFile(folder: self.folder)
        }
        self.spill = spill
        let rows = self.rows
        let problem = self.exchange.wait {
            !$0.isBusy
        } then: { state in
            state.waiting = rows
            state.isBusy = state.problem == nil
            return state.problem
        }
        self.rows = CacheRows(self.columns)
        if let problem { throw problem }
        self.rows.reserveCapacity(bytes: self.memory)
        Thread.detachNewThread { [exchange = self.exchange, columns = self.columns] in
            let rows = exchange.wait { state in
                defer { state.waiting = nil }
                return state.waiting
            }
            guard let rows else { return }
            do throws(CacheProblem) {
                let run = try spill.write(rows.sorted(), columns: columns)
                exchange.wait { state in
                    state.runs.append(run)
                    state.isBusy = false
                }
            } catch {
                exchange.wait { state in
                    state.problem = error
                    state.isBusy = false
                }
            }
        }
    }
}

extension SortedCacheRows {
    /// Writes the rows as groups.
    fileprivate consuming func write(
        to file: inout TemporaryFile,
        columns: CacheColumns
    ) throws(CacheProblem) -> CacheDirectory {
        var writer = CacheGroupWriter(types: columns.physicalTypes)
        var start = 0
        while start < self.rows.count {
            let end = min(start + CacheGroups.rowCount, self.rows.count)
            let rows = Array(self.rows[start..<end])
            let columns = self.columns.map { $0.gathered(rows) }
            try writer.write(columns, rowCount: rows.count, to: &file)
            start = end
        }
        return CacheDirectory(keys: self.keys, starts: self.starts, groups: writer.groups)
    }
}
