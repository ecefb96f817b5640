import FeatureModel

/// The body of `/materialize` or `/materialize-incremental`.
struct MaterializationRequest: Equatable, Sendable {
    /// The first event time; `nil` for the beginning, or for an incremental load.
    var start: Timestamp?
    /// The last event time; `nil` for now.
    var end: Timestamp?
    /// The views to load; `nil` for all.
    var views: [String]?
    /// Whether only what arrived since the last load is loaded.
    var isIncremental: Bool

    /// Whether one bad row fails its view.
    var isStrict = false

    /// Reads a body; unknown keys are ignored, and a key of value null counts as absent.
    ///
    /// With `disable_event_timestamp` the whole history is loaded, whatever the dates.
    ///
    /// - Throws: The answer to a body that is no JSON or lacks a part.
    init(json: Span<UInt8>, isIncremental: Bool) throws(RequestError) {
        self.isIncremental = isIncremental
        var parser = JSONParser(json)
        var members = try MemberReader(&parser)
        var startText: String?
        var endText: String?
        var isWholeHistory = false
        while let key = try members.next(&parser) {
            switch key {
            case "start_ts" where !isIncremental:
                startText = try parser.takeOptionalString(at: [.key(key)])
            case "end_ts": endText = try parser.takeOptionalString(at: [.key(key)])
            case "feature_views": self.views = try parser.takeStrings(at: [.key(key)])
            case "strict":
                self.isStrict = try parser.takeOptionalBoolean(at: [.key(key)]) ?? false
            case "disable_event_timestamp" where !isIncremental:
                isWholeHistory = try parser.takeOptionalBoolean(at: [.key(key)]) ?? false
            default: try parser.skipValue()
            }
        }
        try parser.finish()
        if isWholeHistory {
            // The window is all time up to the end, which is now when none is given.
            if let endText { self.end = try timestamp(endText) }
            return
        }
        if isIncremental {
            guard let endText else { throw .missing("end_ts") }
            self.end = try timestamp(endText)
            return
        }
        guard let startText, let endText else {
            throw .badRequest(
                "start_ts and end_ts are required when disable_event_timestamp is False"
            )
        }
        let start = try timestamp(startText)
        let end = try timestamp(endText)
        guard start <= end else {
            throw .badRequest("start_ts (\(startText)) must be before end_ts (\(endText))")
        }
        self.start = start
        self.end = end
    }
}

private func timestamp(_ text: String) throws(RequestError) -> Timestamp {
    guard let timestamp = Timestamp(text) else {
        throw .badRequest(
            "Invalid timestamp format: \"\(text)\"; write it as 2026-01-10T12:00:00Z"
        )
    }
    return timestamp
}
