import FeatureCompute

/// When the computing of rows must have ended.
struct RowDeadline {
    private let end: ContinuousClock.Instant
    /// How many rows are computed between two looks at the clock.
    private let interval: Int

    /// - Parameters:
    ///   - end: When it must have ended; `nil` for never.
    ///   - inputs: A row without texts takes less time than a look at the clock.
    init?(_ end: ContinuousClock.Instant?, inputs: [Column]) {
        guard let end else { return nil }
        let hasTexts = inputs.contains { column in
            if case .bytes = column.storage { true } else { false }
        }
        self.end = end
        self.interval = hasTexts ? 1 : 256
    }

    /// Whether the time is over, as far as it is looked at before a row.
    func isOver(before row: Int) -> Bool {
        row.isMultiple(of: self.interval) && ContinuousClock.now >= self.end
    }
}
