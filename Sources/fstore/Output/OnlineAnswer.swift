import FeatureStoreKit
import Foundation

/// The answer of `/get-online-features`, for people.
struct OnlineAnswer: Decodable {
    struct Column: Decodable {
        let values: [JSONCell]
        let statuses: [String]
        let eventTimestamps: [String]

        private enum CodingKeys: String, CodingKey {
            case values
            case statuses
            case eventTimestamps = "event_timestamps"
        }
    }

    struct Metadata: Decodable {
        let featureNames: [String]

        private enum CodingKeys: String, CodingKey {
            case featureNames = "feature_names"
        }
    }

    let results: [Column]
    let metadata: Metadata

    init(body: [UInt8]) throws {
        self = try JSONDecoder().decode(OnlineAnswer.self, from: Data(body))
    }

    /// One line per entity row; a value that is not there is its status.
    var table: String {
        var lines = [self.metadata.featureNames]
        for row in 0..<self.rowCount {
            lines.append(
                self.results.map { column in
                    column.statuses[row] == "PRESENT"
                        ? column.values[row].text : column.statuses[row]
                }
            )
        }
        return aligned(lines)
    }

    /// One line per value, with what is known about it.
    func explanation(now: Timestamp) -> String {
        var lines = [["row", "column", "value", "status", "event time", "age"]]
        for row in 0..<self.rowCount {
            for (name, column) in zip(self.metadata.featureNames, self.results) {
                let time = column.eventTimestamps[row]
                var age = ""
                if let event = Timestamp(time), event != .epoch {
                    age = ageText(microseconds: now.microseconds &- event.microseconds)
                }
                lines.append([
                    String(row), name, column.values[row].text, column.statuses[row],
                    age.isEmpty ? "" : time, age,
                ])
            }
        }
        return aligned(lines)
    }

    private var rowCount: Int { self.results.first?.values.count ?? 0 }
}

/// Any JSON value, as the text that a person reads.
struct JSONCell: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        if let list = try? decoder.singleValueContainer().decode([JSONCell].self) {
            self.text = "[" + list.map(\.text).joined(separator: ", ") + "]"
            return
        }
        if let map = try? decoder.singleValueContainer().decode([String: JSONCell].self) {
            let members = map.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }
            self.text = "{" + members.joined(separator: ", ") + "}"
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self.text = "null"
        } else if let value = try? container.decode(Bool.self) {
            self.text = String(value)
        } else if let value = try? container.decode(Int64.self) {
            self.text = String(value)
        } else if let value = try? container.decode(Double.self) {
            self.text = String(value)
        } else {
            self.text = try container.decode(String.self)
        }
    }
}
