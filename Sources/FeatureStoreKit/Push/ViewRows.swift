import FeatureModel
import OnlineStores

/// Rows of a push that are to be written online for one view.
struct ViewRows {
    let view: PushPlan.View
    /// The push's rows, and which of them are written.
    let rows: PushRows
    let good: [PushCheck.Good]
    /// The created time of rows that give none.
    let pushedAt: Timestamp
}

extension RocksDBOnlineStore {
    /// Writes rows durably and all at once.
    ///
    /// Of several rows of a key and a view that are as old as each other the last counts.
    ///
    /// - Returns: For each element and each of its rows, whether its key has a newer one.
    func write(_ parts: [ViewRows]) throws(FeatureStoreError) -> [[PushOutcome]] {
        // A view may be redefined between the first step and the last.
        var attempts = 3
        while true {
            do throws(OnlineStoreError) {
                return try self.writeOnce(parts)
            } catch {
                attempts -= 1
                guard error.code == .superseded, attempts > 0 else {
                    throw FeatureStoreError(error)
                }
            }
        }
    }

    private func writeOnce(_ parts: [ViewRows]) throws(OnlineStoreError) -> [[PushOutcome]] {
        var pushes: [OnlinePush] = []
        var indices: [String: Int] = [:]
        // Where the rows of each part are among all.
        var places: [(push: Int, rows: Range<Int>)?] = []
        for part in parts {
            guard !part.good.isEmpty else {
                places.append(nil)
                continue
            }
            let generation = part.view.generation
            let index = indices[generation.storedName] ?? pushes.count
            if index == pushes.count {
                indices[generation.storedName] = index
                pushes.append(try self.beginPush(OnlineViewDescription(generation)))
            }
            let push = pushes[index]
            let start = push.count
            var encoder = try PushEncoder(part.view, rows: part.rows, push: push)
            for row in part.good {
                try encoder.add(row, pushedAt: part.pushedAt)
            }
            places.append((index, start..<push.count))
        }
        guard !pushes.isEmpty else { return parts.map { _ in [] } }
        let outcomes = try self.write(pushes)
        return places.map { place in place.map { Array(outcomes[$0.push][$0.rows]) } ?? [] }
    }

    /// Writes the rows of one push to all views that are served online.
    ///
    /// - Parameters:
    ///   - good: The rows.
    ///   - rows: All rows of the push.
    ///   - plan: What they mean to the views.
    ///   - pushedAt: The created time of rows that give none.
    ///   - isWritten: Whether a view gets a row now.
    /// - Returns: The numbers of the rows for whose keys every view has a newer row.
    /// - Throws: ``FeatureStoreError`` when the store cannot be written.
    func write(
        _ good: [PushCheck.Good],
        of rows: PushRows,
        plan: PushPlan,
        pushedAt: Timestamp,
        where isWritten: (PushCheck.Good, PushPlan.View) -> Bool
    ) throws(FeatureStoreError) -> Set<Int> {
        let views = plan.onlineViews
        let parts = views.map { view in
            ViewRows(
                view: view,
                rows: rows,
                good: good.filter { !$0.isForgotten(for: view) && isWritten($0, view) },
                pushedAt: pushedAt
            )
        }
        var staleCounts: [Int: Int] = [:]
        for (part, outcomes) in zip(parts, try self.write(parts)) {
            for (row, outcome) in zip(part.good, outcomes) where outcome == .stale {
                staleCounts[row.row, default: 0] += 1
            }
        }
        return Set(staleCounts.filter { $0.value == views.count }.keys)
    }
}
