import FeatureCompute
import FeatureModel
import Foundation

/// Reads the rows of a cache that a scan wants.
///
/// They come by key and not in source order; of each key they come by event time, created time and
/// source order, so that of equal rows the last one is that of the source. With a key filter only
/// those come that a slot sees, by created times or without them, each looked up in the rows of its
/// key. What was done with rows that no cache has, the bad ones, is told for the whole source.
struct CacheScan: Sendable {
    /// How many rows the keys of a piece have about, unless a single key has more.
    private static let pieceRows = 1 << 18
    /// How many keys a piece has at most.
    private static let pieceKeys = 1 << 14

    let file: CacheFile
    let columns: CacheColumns
    /// The places of the wanted features.
    let wanted: [Int]
    let hasCreatedTimes: Bool
    let newestOnly: Bool
    let earliest: Int64
    let latest: Int64
    let latestCreated: Int64?
    /// The slots that are to be answered, and how long rows stay valid for them; `nil` without a
    /// key filter.
    let slots: (slots: EntitySlots, ttl: Int64)?
    /// By key of the key filter: until when its rows do not count; empty when all do.
    let forgottenUntil: [Int64]
    /// The keys to look at, in ascending order, and with a key filter their ids there.
    private let keys: [Int32]
    private let ids: [Int32]
    /// Where the keys of each piece begin.
    private let pieces: [Int]

    init(_ file: CacheFile, _ scan: SourceScan) {
        self.file = file
        self.columns = CacheColumns(scan)
        let first = self.columns.firstFeature
        self.wanted = scan.wanted.indices.filter { scan.wanted[$0] }.map { first + $0 }
        self.hasCreatedTimes = scan.hasCreatedTimes
        self.newestOnly = scan.newestOnly
        let isStatic = scan.source.isStatic
        self.earliest = isStatic ? .min : scan.earliest?.microseconds ?? .min
        self.latest = isStatic ? .max : scan.latest?.microseconds ?? .max
        let hasCreated = scan.source.createdTimestampColumn != nil
        self.latestCreated = hasCreated ? scan.latestCreated?.microseconds : nil
        let directory = file.directory
        self.forgottenUntil = scan.keyFilter?.forgottenUntil ?? []
        if let filter = scan.keyFilter {
            self.slots = (filter.slots, filter.ttl)
            (self.keys, self.ids) = directory.keys.common(with: filter.keys)
        } else {
            self.slots = nil
            self.keys = (0..<Int32(directory.keys.count)).map { $0 }
            self.ids = []
        }
        var pieces = [0]
        var rows = 0
        for (index, key) in self.keys.enumerated() {
            let count = directory.starts[Int(key) + 1] - directory.starts[Int(key)]
            let isFull =
                index - (pieces.last ?? 0) == Self.pieceKeys
                || (!self.newestOnly && rows + count > Self.pieceRows)
            if isFull, index > pieces.last ?? 0 {
                pieces.append(index)
                rows = 0
            }
            rows += count
        }
        pieces.append(self.keys.count)
        self.pieces = pieces
    }

    /// Reads the rows.
    ///
    /// - Parameters:
    ///   - filter: The key filter of the scan, which learns what there is of its keys.
    ///   - progress: Called now and then.
    ///   - transform: Called with each batch, by several threads at a time.
    ///   - body: Called with what it gave, on this thread.
    /// - Returns: What was done with the rows.
    /// - Throws: `damagedCache` when the file is damaged; what `transform` or `body` throws.
    func run<Part: Sendable>(
        _ filter: KeyFilter?,
        progress: ((ScanProgress) -> Void)?,
        transform: @escaping SourceBatch.Transform<Part>,
        _ body: (Part) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError) -> ScanReport {
        var report = self.file.summary.report.scanReport
        var done = 0
        let cores = ProcessInfo.processInfo.activeProcessorCount
        try OrderedWork<Int, CachePiece<Part>>.run(
            count: self.pieces.count - 1,
            threads: self.file.summary.rowCount < 1 << 16 ? 1 : cores,
            start: {
                let worker = CacheScanWorker(self)
                return { piece in
                    let range = self.pieces[piece]..<self.pieces[piece + 1]
                    return worker.read(range, transform: transform)
                }
            },
            take: { (piece: CachePiece<Part>) throws(OfflineStoreError) in
                for part in piece.parts { try body(part) }
                if let error = piece.error { throw error }
                piece.add(to: &report)
                for (key, time) in piece.oldest { filter?.notePassed(key, at: time) }
                done += 1
                progress?(
                    ScanProgress(
                        rowsRead: report.rowsRead,
                        fraction: Double(done) / Double(self.pieces.count - 1)
                    )
                )
            }
        )
        return report
    }

    /// The rows of a key, by its place among the keys to look at.
    func rows(_ visit: Int) -> Range<Int> {
        let key = Int(self.keys[visit])
        return self.file.directory.starts[key]..<self.file.directory.starts[key + 1]
    }

    /// The id of a key in the key filter, or its place among the keys of the file without one.
    func id(_ visit: Int) -> Int32 {
        self.slots == nil ? self.keys[visit] : self.ids[visit]
    }
}

/// What became of the rows of some keys.
struct CachePiece<Part: Sendable>: Sendable {
    var parts: [Part] = []
    var rowsKept = 0
    var afterEnd = 0
    var createdLater = 0
    var newest: Int64?
    /// The earliest event time of each key of the key filter.
    var oldest: [(key: Int32, time: Int64)] = []
    /// Why there is no more.
    var error: OfflineStoreError?

    func add(to report: inout ScanReport) {
        report.rowsKept += self.rowsKept
        report.afterEnd += self.afterEnd
        report.createdLater += self.createdLater
        guard let newest = self.newest else { return }
        let known = report.newestEventTime?.microseconds ?? .min
        report.newestEventTime = Timestamp(microseconds: max(known, newest))
    }
}

extension CacheKeys {
    /// The keys that a dictionary has too, in ascending order, and their ids there.
    ///
    /// - Complexity: O(min(keys, other keys × log keys)) look-ups.
    fileprivate func common(with dictionary: KeyDictionary) -> (keys: [Int32], ids: [Int32]) {
        var found: [(key: Int32, id: Int32)] = []
        if dictionary.count < self.count / 16 {
            for id in 0..<Int32(dictionary.count) {
                let key = self.index(of: id, in: dictionary)
                if key >= 0 { found.append((key, id)) }
            }
            found.sort { $0.key < $1.key }
        } else {
            for key in 0..<self.count {
                let id =
                    self.isInteger
                    ? dictionary.id(of: self.integers[key])
                    : dictionary.id(of: self.bytes.span.extracting(self.range(key)))
                if id >= 0 { found.append((Int32(key), id)) }
            }
        }
        return (found.map(\.key), found.map(\.id))
    }

    /// The place of a key of a dictionary, or -1.
    private func index(of id: Int32, in dictionary: KeyDictionary) -> Int32 {
        var other = CacheKeys(isInteger: self.isInteger)
        if self.isInteger {
            other.append(dictionary.integer(of: id))
        } else {
            dictionary.withBytes(of: id) { other.append($0) }
        }
        var low = 0
        var high = self.count
        while low < high {
            let middle = low + (high - low) / 2
            if self.order(middle, other, 0) < 0 { low = middle + 1 } else { high = middle }
        }
        return low < self.count && self.order(low, other, 0) == 0 ? Int32(low) : -1
    }
}
