/// What a token may be used for.
public enum AccessScope: String, Codable, Hashable, Sendable, CaseIterable {
    /// To read features, training sets, the status and the metrics.
    case read
    /// To push and write rows.
    case push
    /// To do everything.
    case admin
}

/// Views that a request reads or writes, as it names them.
public enum AccessTarget: Hashable, Sendable {
    /// The views whose features are read.
    case selection(FeatureSelection)
    /// The views that get pushed rows.
    case push(PushRequest.Destination)
    /// Some views, or `view@v1`; `nil` for all.
    case views([String]?)
}
