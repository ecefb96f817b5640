import Synchronization

/// The keys that pushes have written since a load began: what the load may not know of.
///
/// A load compares its rows with the store without holding up pushes. A row that is pushed after
/// the comparison is compared with the load's own row at the very end, and a pushed row as old as
/// the load's stays, because it is the later word.
final class PushJournal: Sendable {
    private struct State {
        var keys: Set<[UInt8]> = []
        /// Those that came since the merge began, in the order in which they came.
        var recent: [[UInt8]] = []
        var isMerging = false
    }

    private let state = Mutex(State())

    /// Notes keys that are about to be written.
    func add(_ keys: [[UInt8]]) {
        self.state.withLock { state in
            for key in keys {
                state.keys.insert(key)
                if state.isMerging {
                    state.recent.append(key)
                }
            }
        }
    }

    /// From now on the load compares its rows with those in the store.
    ///
    /// Called while no push is between its note and its write.
    func beginMerge() {
        self.state.withLock { $0.isMerging = true }
    }

    /// Whether a push has written the key since the load began.
    func contains(_ key: Span<UInt8>) -> Bool {
        self.state.withLock { state in
            guard !state.keys.isEmpty else { return false }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(key.count)
            for index in key.indices {
                bytes.append(key[index])
            }
            return state.keys.contains(bytes)
        }
    }

    /// The keys that came since the merge began, from the given place on.
    func recentKeys(from start: Int) -> [[UInt8]] {
        self.state.withLock { Array($0.recent.dropFirst(start)) }
    }
}
