/// One of the forms in which a route answers.
protocol AnswerForm: CaseIterable, Sendable {
    /// The types and subtypes that ask for it.
    var mediaTypes: [String] { get }
}

extension AnswerForm {
    /// The form that a client prefers; the first one when it says nothing, or does not care.
    ///
    /// Of forms with the same weight the earlier one in `allCases` wins. The most specific range
    /// that fits a form gives its weight, as RFC 9110 demands.
    ///
    /// - Parameter fields: The values of the `accept` headers.
    /// - Returns: `nil` when the client takes none of the forms.
    static func preferred(accept fields: [String]) -> Self? {
        let ranges = fields.joined(separator: ",").split(separator: ",").compactMap(MediaRange.init)
        guard !ranges.isEmpty else { return Self.allCases.first }
        var best: (form: Self, weight: Double)?
        for form in Self.allCases {
            let weight = form.mediaTypes.map { MediaRange.weight(of: $0, in: ranges) }.max() ?? 0
            if weight > best?.weight ?? 0 { best = (form, weight) }
        }
        return best?.form
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

    static func weight(of mediaType: String, in ranges: [MediaRange]) -> Double {
        let type = mediaType.prefix { $0 != "/" }
        for wanted in [mediaType, "\(type)/*", "*/*"] {
            if let range = ranges.first(where: { $0.name == wanted }) { return range.weight }
        }
        return 0
    }
}
