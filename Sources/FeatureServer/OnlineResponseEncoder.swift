import FeatureCompute
import FeatureModel
package import FeatureStoreKit

/// Writes an answer as the JSON of Feast's `/get-online-features`.
///
/// The body is `{"results":[…],"metadata":{"feature_names":[…]}}` without white space: for each
/// name one result with its values, statuses and event times, one for each entity row. The join
/// keys come first; they are `PRESENT`, with 1970 for an event time.
package struct OnlineResponseEncoder {
    /// The bytes of the last answer; kept for the next one, so that it need not allocate.
    package private(set) var output: [UInt8] = []
    /// The last event time that was written, in quotes: many rows in a row have the same.
    private var timestampText: [UInt8] = []
    private var timestamp: Timestamp?
    /// The statuses of the column before, and their text.
    private var previousStatuses: [FeatureStatus] = []
    private var previousStatusText: [UInt8] = []
    /// The event times of the column before, and their text.
    private var previousTimestamps: [Timestamp] = []
    private var previousText: [UInt8] = []

    package init() {}

    /// The body for an answer.
    package static func encode(_ features: OnlineFeatures) -> [UInt8] {
        var encoder = OnlineResponseEncoder()
        encoder.encode(features)
        return encoder.output
    }

    /// Makes ``output`` the body for an answer.
    ///
    /// - Complexity: O(bytes written).
    package mutating func encode(_ features: OnlineFeatures) {
        if self.output.capacity > maximumKeptScratchBytes {
            self.output = []
            self.previousStatuses = []
            self.previousStatusText = []
            self.previousTimestamps = []
            self.previousText = []
        } else {
            self.output.removeAll(keepingCapacity: true)
        }
        self.output.append(contentsOf: #"{"results":["#.utf8)
        var isFirst = true
        for column in features.entities {
            self.beginResult(isFirst: isFirst)
            isFirst = false
            self.appendValues(column.values)
            self.appendStatuses(entityCount: column.values.count)
            self.appendTimestamps(entityCount: column.values.count)
        }
        for column in features.features {
            self.beginResult(isFirst: isFirst)
            isFirst = false
            self.appendValues(column.values)
            self.appendStatuses(column.statuses)
            self.appendTimestamps(column.eventTimestamps)
        }
        self.output.append(contentsOf: #"],"metadata":{"feature_names":["#.utf8)
        isFirst = true
        for name in features.entities.lazy.map(\.name) {
            self.append(name: name, isFirst: isFirst)
            isFirst = false
        }
        for name in features.features.lazy.map(\.name) {
            self.append(name: name, isFirst: isFirst)
            isFirst = false
        }
        self.output.append(contentsOf: "]}}".utf8)
    }

    private mutating func append(name: String, isFirst: Bool) {
        if !isFirst { self.output.append(UInt8(ascii: ",")) }
        self.output.append(jsonString: name)
    }

    private mutating func beginResult(isFirst: Bool) {
        self.output.append(contentsOf: (isFirst ? #"{"values":["# : #",{"values":["#).utf8)
    }

    private mutating func appendValues(_ column: Column) {
        for row in 0..<column.count {
            if row > 0 { self.output.append(UInt8(ascii: ",")) }
            CellFormatter.append(json: column, row: row, style: .wire, to: &self.output)
        }
        self.output.append(contentsOf: #"],"statuses":["#.utf8)
    }

    private mutating func appendStatuses(_ statuses: [FeatureStatus]) {
        // The columns of one view have the same statuses where no value is null.
        if statuses == self.previousStatuses {
            self.output.append(contentsOf: self.previousStatusText)
        } else {
            let start = self.output.count
            for row in statuses.indices {
                if row > 0 { self.output.append(UInt8(ascii: ",")) }
                self.output.append(contentsOf: quotedName(statuses[row]).utf8)
            }
            self.previousStatuses = statuses
            self.previousStatusText.removeAll(keepingCapacity: true)
            self.previousStatusText.append(contentsOf: self.output[start...])
        }
        self.output.append(contentsOf: #"],"event_timestamps":["#.utf8)
    }

    private mutating func appendStatuses(entityCount: Int) {
        for row in 0..<entityCount {
            self.output.append(contentsOf: (row > 0 ? #","PRESENT""# : #""PRESENT""#).utf8)
        }
        self.output.append(contentsOf: #"],"event_timestamps":["#.utf8)
    }

    private mutating func appendTimestamps(_ timestamps: [Timestamp]) {
        // The columns of one view have the same times.
        if timestamps == self.previousTimestamps {
            self.output.append(contentsOf: self.previousText)
        } else {
            let start = self.output.count
            for row in timestamps.indices {
                if row > 0 { self.output.append(UInt8(ascii: ",")) }
                self.append(timestamps[row])
            }
            self.previousTimestamps = timestamps
            self.previousText.removeAll(keepingCapacity: true)
            self.previousText.append(contentsOf: self.output[start...])
        }
        self.output.append(contentsOf: "]}".utf8)
    }

    private mutating func appendTimestamps(entityCount: Int) {
        for row in 0..<entityCount {
            if row > 0 { self.output.append(UInt8(ascii: ",")) }
            self.append(.epoch)
        }
        self.output.append(contentsOf: "]}".utf8)
    }

    private mutating func append(_ timestamp: Timestamp) {
        if self.timestamp != timestamp {
            self.timestamp = timestamp
            self.timestampText.removeAll(keepingCapacity: true)
            self.timestampText.append(UInt8(ascii: "\""))
            timestamp.append(to: &self.timestampText)
            self.timestampText.append(UInt8(ascii: "\""))
        }
        self.output.append(contentsOf: self.timestampText)
    }
}

/// A status's name in quotes, without making a string.
private func quotedName(_ status: FeatureStatus) -> String {
    switch status {
    case .present: #""PRESENT""#
    case .nullValue: #""NULL_VALUE""#
    case .notFound: #""NOT_FOUND""#
    case .outsideMaxAge: #""OUTSIDE_MAX_AGE""#
    }
}
