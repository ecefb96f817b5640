import FeatureModel

/// What a store has done since it was made, in numbers that only grow.
package struct StoreActivity: Sendable {
    /// The loads of one view.
    package struct Loads: Sendable {
        /// The loads that succeeded, and those that left the view as it was.
        package var succeeded = 0
        package var failed = 0
        /// The rows of the source that were looked at, of all loads.
        package var rowsRead = 0
        /// The keys that got a row, and those that kept a newer one.
        package var keysWritten = 0
        package var stale = 0
        /// The rows that could not be used: bad cells, null keys, null times.
        package var bad = 0
        /// What all loads took, in seconds.
        package var seconds = 0.0
        /// What the last one took, in seconds, and the rows that it looked at.
        package var lastSeconds = 0.0
        package var lastRowsRead = 0

        package init() {}

        mutating func add(_ view: MaterializationReport.View) {
            if view.error == nil { self.succeeded += 1 } else { self.failed += 1 }
            self.rowsRead += view.rowsRead
            self.keysWritten += view.keysWritten
            self.stale += view.stale
            self.bad += view.bad + view.nullKey + view.nullTime
            self.seconds += view.seconds
            self.lastSeconds = view.seconds
            self.lastRowsRead = view.rowsRead
        }
    }

    /// The rows that were pushed to one destination.
    package struct Pushes: Sendable {
        package var accepted = 0
        package var stale = 0
        package var rejected = 0
    }

    /// By the views' names, as ``ProjectStatus/View`` has them.
    package var loads: [String: Loads] = [:]
    /// By the name of the push source, or of the view that was written to.
    package var pushes: [String: Pushes] = [:]

    mutating func add(_ view: MaterializationReport.View) {
        self.loads[view.name, default: Loads()].add(view)
    }

    mutating func add(_ result: PushResult, to destination: String) {
        self.pushes[destination, default: Pushes()].accepted += result.accepted
        self.pushes[destination, default: Pushes()].stale += result.stale
        self.pushes[destination, default: Pushes()].rejected += result.rejected
    }
}
