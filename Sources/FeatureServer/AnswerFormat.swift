/// The forms in which a training set is answered.
enum AnswerFormat: CaseIterable, Sendable {
    /// One object with a list of values for each column.
    case json
    /// A header and a line a row.
    case csv
    /// An object a row, a line each.
    case jsonLines

    /// The value of the answer's `content-type`.
    var contentType: String {
        switch self {
        case .json: "application/json"
        case .csv: "text/csv; charset=utf-8"
        case .jsonLines: "application/x-ndjson"
        }
    }

    /// The type and subtype that ask for it.
    private var mediaTypes: [String] {
        switch self {
        case .json: ["application/json"]
        case .csv: ["text/csv"]
        case .jsonLines: ["application/x-ndjson", "application/jsonl"]
        }
    }

    /// The form that a client prefers; JSON when it says nothing, or does not care.
    ///
    /// Of forms with the same weight the earlier one in this list wins. The most specific range
    /// that fits a form gives its weight, as RFC 9110 demands.
    ///
    /// - Parameter fields: The values of the `accept` headers.
    /// - Returns: `nil` when the client takes none of the forms.
    static func preferred(accept fields: [String]) -> AnswerFormat? {
        let ranges = fields.joined(separator: ",").split(separator: ",").compactMap(MediaRange.init)
        guard !ranges.isEmpty else { return .json }
        var best: (format: AnswerFormat, weight: Double)?
        for format in Self.allCases {
            let weight = format.mediaTypes.map { Self.weight(of: $0, in: ranges) }.max() ?? 0
            if weight > best?.weight ?? 0 { best = (format, weight) }
        }
        return best?.format
    }

    private static func weight(of mediaType: String, in ranges: [MediaRange]) -> Double {
        let type = mediaType.prefix { $0 != "/" }
        for wanted in [mediaType, "\(type)/*", "*/*"] {
            if let range = ranges.first(where: { $0.name == wanted }) { return range.weight }
        }
        return 0
    }
}

/// One range of an `accept` header: `text/*;q=0.5`.
private struct MediaRange {
    let name: String
    let weight: Double

    init?(_ text: Substring) {
        let parts = text.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        guard let name = parts.first, name.contains("/") else { return nil }
        self.name = name.lowercased()
        let weight = parts.dropFirst().first { $0.lowercased().hasPrefix("q=") }
        self.weight = weight.flatMap { Double($0.dropFirst(2)) } ?? 1
    }
}
