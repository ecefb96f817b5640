import FeatureModel
import Yams

/// What can be read of a definition file that as a whole is no YAML.
///
/// The text is cut before each line that begins with a key, such as `feature_views:`, and every
/// section is read by itself, so that one mistake does not hide those of the other sections.
struct YAMLSections {
    /// The documents of the sections that can be read.
    private(set) var roots: [Node] = []
    /// The keys of the other sections, and what is wrong with each; never empty.
    private(set) var broken: [(key: String, problem: YAMLProblem)] = []

    /// Reads the sections of a text.
    ///
    /// - Returns: `nil` when there is only one, or when each of them is YAML: then the problem is
    ///   between them.
    init?(of text: String, file: String) {
        let sections = Self.cut(text)
        guard sections.count > 1 else { return nil }
        for section in sections {
            // Empty lines in place of the sections before keep the places of what is found.
            let padding = String(repeating: "\n", count: section.firstLine)
            do {
                self.roots += try YAMLDocuments.roots(of: padding + section.text, file: file)
            } catch {
                self.broken.append((section.key, error))
            }
        }
        if self.broken.isEmpty { return nil }
    }

    /// The sections: the key, how many lines stand before, and the text.
    private static func cut(_ text: String) -> [(key: String, firstLine: Int, text: String)] {
        var sections: [(key: String, firstLine: Int, text: String)] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, line) in lines.enumerated() {
            let word = line.prefix { $0.isLetter || $0 == "_" }
            if !word.isEmpty, line.dropFirst(word.count).first == ":" {
                sections.append((String(word), number, ""))
            } else if sections.isEmpty {
                sections.append(("", number, ""))
            }
            sections[sections.count - 1].text += line + "\n"
        }
        return sections
    }
}
