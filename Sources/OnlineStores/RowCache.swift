import NativeStorage
import Synchronization

/// The form in which a row is read.
package enum RowForm: Sendable {
    /// The bytes that are stored.
    case row
    /// What the reader has made of them, for which the same bytes always give the same text.
    case text
}

/// Keys whose rows a write may change.
enum ChangedRows {
    case nothing
    case keys(KeyBatch)
    /// Every row of a generation.
    case view(UInt32)
}

/// The rows, and the keys without one, that were read last, within a number of bytes.
///
/// The cache never says what the database has ceased to say, and what a read takes from it is what
/// one moment had, as from the database alone:
///
/// - A write first takes its keys out and marks them as pending, then counts itself in
///   ``writesBegun``, then writes, and only then unmarks them. So from the moment at which its rows
///   can be seen until the write has ended, none of its keys is in the cache.
/// - A read notes the count, looks its keys up, and reads what is missing. When one of its keys is
///   pending, or the count has grown meanwhile, it reads all of its keys from the database at once
///   instead, and keeps nothing. Otherwise no write of its keys was under way at its look-ups, and
///   none has begun before its end, so all that it found was so at its end.
/// - A row is kept only when, under the lock of its shard, its key is not pending and the count is
///   that from before it was read. A write of the key that has marked it is seen by the mark; one
///   that has begun and ended meanwhile, by the count; one that has yet to mark it takes it out.
final class RowCache: Sendable {
    /// What became of a look-up.
    enum LookUp {
        case found
        case missing
        /// A write of the key is under way.
        case pending
    }

    private final class Shard: Sendable {
        let table: Mutex<RowCacheShard>

        init(byteCount: Int) {
            self.table = Mutex(RowCacheShard(byteCount: byteCount))
        }
    }

    private static let maximumShards = 64
    private static let minimumShardBytes = 1 << 20

    private let shards: [Shard]
    /// Keys come from strangers, who must not be able to choose their places.
    private let seed = UInt64.random(in: .min ... .max)
    private let writeCount = Atomic<UInt64>(0)

    /// - Parameter byteCount: What the cache may take; `nil` is returned for 0.
    init?(byteCount: Int) {
        guard byteCount > 0 else { return nil }
        self.capacity = byteCount
        var count = 1
        while count < Self.maximumShards, byteCount / (count * 2) >= Self.minimumShardBytes {
            count *= 2
        }
        self.shards = (0..<count).map { _ in Shard(byteCount: byteCount / count) }
    }

    /// What entries and indices take now, in bytes.
    var byteCount: Int {
        self.shards.reduce(0) { sum, shard in sum + shard.table.withLock { $0.byteCount } }
    }

    /// What entries and indices may take, in bytes.
    let capacity: Int

    /// How many look-ups found a key in the form that was wanted, and how many did not.
    var lookUps: (hits: Int, misses: Int) {
        self.shards.reduce(into: (0, 0)) { sum, shard in
            let counts = shard.table.withLock { ($0.hits, $0.misses) }
            sum.0 += counts.0
            sum.1 += counts.1
        }
    }

    /// How many writes have begun.
    var writesBegun: UInt64 { self.writeCount.load(ordering: .sequentiallyConsistent) }

    // MARK: Reading

    /// Looks up every key of a batch.
    ///
    /// - Parameters:
    ///   - keys: The keys.
    ///   - form: Which form of the rows is wanted.
    ///   - rows: Has room for the keys; gets what was found, and the keys that were not.
    /// - Returns: Whether no key is pending.
    func read(_ keys: KeyBatch, form: RowForm, into rows: inout RowBatch) -> Bool {
        rows.scratch.missing.removeAll()
        rows.scratch.missingIndices.removeAll(keepingCapacity: true)
        rows.scratch.hashes.removeAll(keepingCapacity: true)
        let bytes = keys.bytes
        for index in 0..<keys.count {
            let key = bytes.span.extracting(keys.range(at: index))
            let hash = self.hash(key)
            rows.scratch.hashes.append(hash)
            switch self.shard(hash).table.withLock({
                $0.read(hash, key: key, form: form, index: index, into: &rows)
            }) {
            case .found: break
            case .missing:
                append(key, to: &rows.scratch.missing.bytes)
                rows.scratch.missing.endKey()
                rows.scratch.missingIndices.append(index)
            case .pending: return false
            }
        }
        return true
    }

    /// Keeps what was read for a key.
    ///
    /// - Parameters:
    ///   - hash: The key's.
    ///   - key: The key.
    ///   - row: What was found.
    ///   - form: The form of `bytes`.
    ///   - bytes: The row, or its text.
    ///   - count: ``writesBegun`` from before it was read.
    func keep(
        _ hash: UInt64,
        key: Span<UInt8>,
        row: FoundRow,
        form: RowForm,
        bytes: Span<UInt8>,
        asOf count: UInt64
    ) {
        self.shard(hash).table.withLock { table in
            guard self.writesBegun == count else { return }
            table.insert(hash, key: key, row: row, form: form, bytes: bytes)
        }
    }

    // MARK: Writing

    /// Called before rows are written.
    func beginWrite(_ changes: ChangedRows) {
        switch changes {
        case .nothing: return
        case .keys(let keys):
            let bytes = keys.bytes
            for index in 0..<keys.count {
                let key = bytes.span.extracting(keys.range(at: index))
                let hash = self.hash(key)
                self.shard(hash).table.withLock { $0.beginWrite(hash, key: key) }
            }
        case .view(let view):
            for shard in self.shards {
                shard.table.withLock { $0.beginWrite(ofView: view) }
            }
        }
        self.writeCount.add(1, ordering: .sequentiallyConsistent)
    }

    /// Called when the rows can be read, or will never be.
    func endWrite(_ changes: ChangedRows) {
        switch changes {
        case .nothing: return
        case .keys(let keys):
            let bytes = keys.bytes
            for index in 0..<keys.count {
                let hash = self.hash(bytes.span.extracting(keys.range(at: index)))
                self.shard(hash).table.withLock { $0.endWrite(hash) }
            }
        case .view(let view):
            for shard in self.shards {
                shard.table.withLock { $0.endWrite(ofView: view) }
            }
        }
    }

    /// Gives back what generations take that nobody reads any more.
    func remove(views: Set<UInt32>) {
        for shard in self.shards {
            shard.table.withLock { $0.removeAll { views.contains($0) } }
        }
    }

    // MARK: Hashing

    private func shard(_ hash: UInt64) -> Shard {
        self.shards[Int(truncatingIfNeeded: hash >> 48) & (self.shards.count - 1)]
    }

    /// Eight bytes at a time by a multiplication whose halves are folded, as wyhash does.
    private func hash(_ key: Span<UInt8>) -> UInt64 {
        var hash = self.seed ^ UInt64(truncatingIfNeeded: key.count)
        var offset = 0
        while offset + 8 <= key.count {
            hash = mixed(hash ^ key.littleEndian(at: offset, as: UInt64.self))
            offset += 8
        }
        // The last bytes once more where there are eight: the length tells such keys apart.
        guard key.count < 8 else {
            return mixed(hash ^ key.littleEndian(at: key.count - 8, as: UInt64.self))
        }
        var rest: UInt64 = 0
        for index in key.indices {
            rest = rest << 8 | UInt64(key[index])
        }
        return mixed(hash ^ rest)
    }
}

private func mixed(_ value: UInt64) -> UInt64 {
    let product = (value ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
    return product.high ^ product.low
}
