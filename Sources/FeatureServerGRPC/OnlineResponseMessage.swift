import FeatureCompute
import FeatureModel
package import FeatureStoreKit

/// Writes an answer as the bytes of Feast's `GetOnlineFeaturesResponse`.
///
/// ```
/// GetOnlineFeaturesResponse { metadata 1 { feature_names 1 { val 1: text… } }, results 2… }
/// results                   { values 1: Value…, statuses 2: packed, event_timestamps 3… }
/// ```
///
/// Results and names are in the same order as in the JSON answer: the join keys, then the
/// features. A null is a `Value` that holds nothing, as Feast's own server sends it; a time is
/// whole seconds, rounded down; arrays are lists of their type, and a map is a `Map`.
///
/// It is written column by column, because one object for each value would take longer than the
/// read itself.
package struct OnlineResponseMessage {
    private var output: [UInt8] = []
    /// The result that is being written: its length stands before it.
    private var result: [UInt8] = []
    /// The event times of the column before, and their bytes: the columns of one view have the
    /// same times.
    private var previousTimes: [Timestamp] = []
    private var previousTimeBytes: [UInt8] = []

    /// The bytes of an answer.
    ///
    /// - Throws: `corruptData` when a stored array or map is not what its type says.
    /// - Complexity: O(bytes written).
    package static func encode(
        _ features: OnlineFeatures
    ) throws(FeatureStoreError) -> [UInt8] {
        var message = OnlineResponseMessage()
        try message.write(features)
        return message.output
    }

    private mutating func write(_ features: OnlineFeatures) throws(FeatureStoreError) {
        self.writeNames(features)
        for column in features.entities {
            try self.writeValues(column.values, of: column.name)
            self.result.append(lengthDelimitedTag: 2)
            self.result.append(varint: UInt64(features.rowCount))
            for _ in 0..<features.rowCount {
                self.result.append(Self.number(of: .present))
            }
            for _ in 0..<features.rowCount {
                // 1970 is a Timestamp of nothing but defaults.
                self.result.append(field: 3, bytes: [])
            }
            self.endResult()
        }
        for column in features.features {
            try self.writeValues(column.values, of: column.name)
            self.result.append(lengthDelimitedTag: 2)
            self.result.append(varint: UInt64(column.statuses.count))
            for status in column.statuses {
                self.result.append(Self.number(of: status))
            }
            self.writeTimes(column.eventTimestamps)
            self.endResult()
        }
    }

    /// Feast's number of a status; 0 is its INVALID.
    private static func number(of status: FeatureStatus) -> UInt8 {
        switch status {
        case .present: 1
        case .nullValue: 2
        case .notFound: 3
        case .outsideMaxAge: 4
        }
    }

    private mutating func writeNames(_ features: OnlineFeatures) {
        var list: [UInt8] = []
        for name in features.entities.lazy.map(\.name) {
            list.append(field: 1, bytes: Array(name.utf8))
        }
        for name in features.features.lazy.map(\.name) {
            list.append(field: 1, bytes: Array(name.utf8))
        }
        var metadata: [UInt8] = []
        metadata.append(field: 1, bytes: list)
        self.output.append(field: 1, bytes: metadata)
    }

    private mutating func endResult() {
        self.output.append(field: 2, bytes: self.result)
        self.result.removeAll(keepingCapacity: true)
    }

    private mutating func writeTimes(_ times: [Timestamp]) {
        if times != self.previousTimes {
            self.previousTimes = times
            self.previousTimeBytes.removeAll(keepingCapacity: true)
            var time: [UInt8] = []
            for timestamp in times {
                time.removeAll(keepingCapacity: true)
                let seconds = wholeSeconds(timestamp.microseconds)
                if seconds != 0 {
                    time.append(0x08)
                    time.append(varint: seconds)
                }
                // The product may not fit where the difference does.
                let rest = timestamp.microseconds &- seconds &* 1_000_000
                if rest != 0 {
                    time.append(0x10)
                    time.append(varint: rest &* 1_000)
                }
                self.previousTimeBytes.append(field: 3, bytes: time)
            }
        }
        self.result.append(contentsOf: self.previousTimeBytes)
    }

    // MARK: Values

    private mutating func writeValues(
        _ column: Column,
        of name: String
    ) throws(FeatureStoreError) {
        switch column.storage {
        case .integers(let values):
            self.writeIntegers(values.span, of: column)
        case .floats(let values):
            self.writeFloats(values.span, of: column)
        case .bytes(let values):
            let writer = ValueWriter(column.type)
            var value: [UInt8] = []
            for row in 0..<column.count {
                value.removeAll(keepingCapacity: true)
                if !column.isNull(at: row) {
                    let bytes = values.bytes.span.extracting(values.range(at: row))
                    guard writer.append(bytes, to: &value) else {
                        throw FeatureStoreError(
                            code: .corruptData,
                            message: "a stored value of \"\(name)\" is no \(column.type); load or "
                                + "push the row again"
                        )
                    }
                }
                self.result.append(field: 1, bytes: value)
            }
        }
    }

    private mutating func writeIntegers(_ values: Span<Int64>, of column: Column) {
        let tag: UInt8 =
            switch column.type {
            case .int32: 3 << 3
            case .bool: 7 << 3
            case .unixTimestamp: 8 << 3
            default: 4 << 3
            }
        let isTime = column.type == .unixTimestamp
        for row in 0..<column.count {
            self.result.append(0x0A)
            if column.isNull(at: row) {
                self.result.append(0)
                continue
            }
            let number = isTime ? wholeSeconds(values[row]) : values[row]
            let bits = UInt64(bitPattern: number)
            self.result.append(UInt8(truncatingIfNeeded: 1 + varintSize(bits)))
            self.result.append(tag)
            self.result.append(varint: bits)
        }
    }

    private mutating func writeFloats(_ values: Span<Double>, of column: Column) {
        let isSingle = column.type == .float32
        for row in 0..<column.count {
            self.result.append(0x0A)
            if column.isNull(at: row) {
                self.result.append(0)
            } else if isSingle {
                self.result.append(5)
                self.result.append(6 << 3 | 5)
                self.result.append(fixed: Float(values[row]).bitPattern)
            } else {
                self.result.append(9)
                self.result.append(5 << 3 | 1)
                self.result.append(fixed: values[row].bitPattern)
            }
        }
    }
}

/// Seconds since 1970, rounded down as in the JSON answer.
func wholeSeconds(_ microseconds: Int64) -> Int64 {
    let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return rest < 0 ? seconds - 1 : seconds
}
