package import FeatureCompute

/// How many entity rows of a view have features, and why the others do not.
package struct MatchSummary: Hashable, Sendable {
    /// How many entity rows there are.
    package private(set) var rows: Int
    /// How many have a row of the source.
    package private(set) var matched = 0
    /// How many have none, by reason.
    package private(set) var missed: [MissReason: Int] = [:]
    /// By wanted feature: how many entity rows have a row whose value is null in the source.
    package private(set) var nullInSource: [Int] = []
    /// How many entity rows would see another row, or none, if created times were obeyed; 0 when
    /// they are.
    package private(set) var rowsCreatedFilterWouldChange = 0
    /// By wanted feature: how many cells would have another value then.
    package private(set) var cellsCreatedFilterWouldChange: [Int] = []

    init(_ matches: PointInTimeMatches) {
        self.rows = matches.rows.count
        var counts = Array(repeating: 0, count: MissReason.allCases.count)
        for reason in matches.reasons {
            counts[Int(reason.rawValue)] += 1
        }
        for reason in MissReason.allCases where counts[Int(reason.rawValue)] > 0 {
            if reason == .none {
                self.matched = counts[Int(reason.rawValue)]
            } else {
                self.missed[reason] = counts[Int(reason.rawValue)]
            }
        }
        guard let filtered = matches.rowsFilteredByCreated else { return }
        for row in filtered.indices where filtered[row] != matches.rows[row] {
            self.rowsCreatedFilterWouldChange += 1
        }
    }

    /// Counts one wanted feature; the first one comes first.
    mutating func add(_ feature: SeenFeature) {
        self.nullInSource.append(feature.nullInSource)
        self.cellsCreatedFilterWouldChange.append(feature.createdFilterWouldChange)
    }

    /// Adds further entity rows of the same view.
    mutating func add(_ next: MatchSummary) {
        self.rows += next.rows
        self.matched += next.matched
        self.missed.merge(next.missed) { $0 + $1 }
        self.rowsCreatedFilterWouldChange += next.rowsCreatedFilterWouldChange
        for index in self.nullInSource.indices {
            self.nullInSource[index] += next.nullInSource[index]
            self.cellsCreatedFilterWouldChange[index] += next.cellsCreatedFilterWouldChange[index]
        }
    }
}

/// One wanted feature as the entity rows see it.
struct SeenFeature: Sendable {
    /// A value for each entity row.
    let column: Column
    /// How many entity rows have a row whose value is null in the source.
    private(set) var nullInSource = 0
    /// How many would have another value if created times were obeyed.
    private(set) var createdFilterWouldChange = 0

    /// - Parameters:
    ///   - feature: The values of the rows that are held.
    ///   - matches: Which of them each entity row sees.
    init(_ feature: Column, _ matches: PointInTimeMatches) {
        self.column = feature.gathered(matches.rows)
        if feature.nulls != nil {
            for row in matches.rows where row >= 0 && feature.isNull(at: Int(row)) {
                self.nullInSource += 1
            }
        }
        guard let filtered = matches.rowsFilteredByCreated else { return }
        for row in filtered.indices where filtered[row] != matches.rows[row] {
            if !feature.isSame(filtered[row], matches.rows[row]) {
                self.createdFilterWouldChange += 1
            }
        }
    }
}
