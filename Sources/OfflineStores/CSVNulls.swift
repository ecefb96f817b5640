/// Which unquoted fields of a CSV file mean null.
struct CSVNulls: Sendable {
    /// Whether a field without a single byte does.
    let isBlankNull: Bool
    private let words: [[UInt8]]

    /// A blank field, and nothing else.
    static let onlyBlank = CSVNulls([""])

    init(_ values: [String]) {
        self.isBlankNull = values.contains("")
        self.words = values.filter { !$0.isEmpty }.map { Array($0.utf8) }
    }

    /// Whether a field without a single byte means null, and nothing else does.
    var isOnlyBlank: Bool { self.isBlankNull && self.words.isEmpty }

    /// Whether a text that is not empty means null.
    func contains(_ text: Span<UInt8>) -> Bool {
        for word in self.words where word.count == text.count {
            var isSame = true
            for index in word.indices where word[index] != text[index] {
                isSame = false
            }
            if isSame { return true }
        }
        return false
    }
}
