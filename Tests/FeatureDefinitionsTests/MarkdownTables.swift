import Foundation

/// The tables and the YAML examples of a page.
///
/// A table belongs to the comment `<!-- keys: name -->` before it; the first cell of a row is its
/// key, in backquotes.
struct MarkdownTables {
    struct Row {
        let key: String
        let cells: [String]
    }

    private(set) var tables: [String: [Row]] = [:]
    /// The YAML examples.
    private(set) var examples: [String] = []
    /// The lines of the blocks of plain text: messages.
    private(set) var messages: [String] = []

    init(_ text: String) throws {
        var table: String?
        var example: [Substring]?
        var isMessages = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if isMessages {
                isMessages = line != "```"
                if isMessages { self.messages.append(String(line)) }
            } else if line == "```text" {
                isMessages = true
            } else if let lines = example {
                if line == "```" {
                    self.examples.append(lines.joined(separator: "\n") + "\n")
                    example = nil
                } else {
                    example = lines + [line]
                }
            } else if line == "```yaml" {
                example = []
            } else if line.hasPrefix("<!-- keys: ") {
                table = String(line.dropFirst(11).dropLast(4))
            } else if line.hasPrefix("| `"), let name = table {
                let cells = line.split(separator: "|").map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                let key = cells[0].filter { $0 != "`" }
                self.tables[name, default: []].append(Row(key: key, cells: cells))
            } else if line.isEmpty || line.hasPrefix("#") {
                if self.tables[table ?? ""] != nil { table = nil }
            }
        }
    }
}
