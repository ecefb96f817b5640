/// Cells of an output as they are written, so that a test sees every quote and digit.
enum RawText {
    /// The fields of each record of a CSV text, quotes included.
    static func records(ofCSV text: String) -> [[String]] {
        var records: [[String]] = []
        var record: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") {
                record.append(String(decoding: field, as: UTF8.self))
                field = []
                if byte == UInt8(ascii: "\n") {
                    records.append(record)
                    record = []
                }
            } else {
                field.append(byte)
            }
        }
        return records
    }

    /// The elements of a JSON array, or the members of an object, without white space.
    static func parts(ofJSON text: String) -> [String] {
        var parts: [String] = []
        var part: [UInt8] = []
        var depth = 0
        var isQuoted = false
        var isEscaped = false
        for byte in text.utf8.dropFirst().dropLast() {
            if isQuoted {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted = false
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isQuoted = true
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
                case UInt8(ascii: ",") where depth == 0:
                    parts.append(String(decoding: part, as: UTF8.self))
                    part = []
                    continue
                default: break
                }
            }
            part.append(byte)
        }
        if !part.isEmpty { parts.append(String(decoding: part, as: UTF8.self)) }
        return parts
    }

    /// The members of a JSON object by name; the names need no escape.
    static func members(ofJSON text: String) -> [String: String] {
        var members: [String: String] = [:]
        for part in self.parts(ofJSON: text) {
            guard let colon = part.firstRange(of: "\":") else { continue }
            members[String(part[..<colon.lowerBound].dropFirst())] =
                String(part[colon.upperBound...])
        }
        return members
    }

    /// The values and statuses of an answer of `/get-online-features`, by column.
    static func columns(
        ofAnswer body: String
    ) -> [String: (values: [String], statuses: [String])] {
        let members = self.members(ofJSON: body)
        let metadata = self.members(ofJSON: members["metadata"] ?? "{}")
        let names = self.parts(ofJSON: metadata["feature_names"] ?? "[]")
        var columns: [String: (values: [String], statuses: [String])] = [:]
        for (name, result) in zip(names, self.parts(ofJSON: members["results"] ?? "[]")) {
            let result = self.members(ofJSON: result)
            columns[String(name.dropFirst().dropLast())] = (
                self.parts(ofJSON: result["values"] ?? "[]"),
                self.parts(ofJSON: result["statuses"] ?? "[]").map {
                    String($0.dropFirst().dropLast())
                }
            )
        }
        return columns
    }
}
