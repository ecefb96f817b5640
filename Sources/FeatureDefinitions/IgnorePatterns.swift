package import FeatureModel

/// The lines of `.fstoreignore`, as in the simple cases of `.gitignore`.
///
/// A name matches at every depth; a pattern with a slash before its end matches from the
/// repository's root; a slash at the end matches folders alone. `*` and `?` do not match a slash,
/// `**` does. Empty lines and lines that begin with `#` say nothing. What lies in a folder that
/// matches is ignored with it.
package struct IgnorePatterns {
    private struct Pattern {
        var glob: [Unicode.Scalar]
        var isAnchored: Bool
        var matchesOnlyFolders: Bool
    }

    /// The file's name.
    static let fileName = ".fstoreignore"

    /// What the lines say that this format does not have.
    package let diagnostics: [Diagnostic]
    private let patterns: [Pattern]

    /// Reads the lines of a file.
    package init(text: String = "") {
        var patterns: [Pattern] = []
        var diagnostics: [Diagnostic] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, rawLine) in lines.enumerated() {
            var line = rawLine
            while line.last == " " || line.last == "\t" {
                line.removeLast()
            }
            guard let first = line.first, first != "#" else { continue }
            if first == "!" {
                let place = SourceLocation(file: Self.fileName, line: index + 1, column: 1)
                let problem = Diagnostic(
                    message: "the pattern \"\(line)\" takes back others, which is not supported",
                    fix: "write patterns that match only what is to be ignored",
                    location: place
                )
                diagnostics.append(problem)
                continue
            }
            let matchesOnlyFolders = line.last == "/"
            if matchesOnlyFolders {
                line.removeLast()
            }
            let isAnchored = line.contains("/")
            if line.first == "/" {
                line.removeFirst()
            }
            guard !line.isEmpty else { continue }
            patterns.append(
                Pattern(
                    glob: Array(line.unicodeScalars),
                    isAnchored: isAnchored,
                    matchesOnlyFolders: matchesOnlyFolders
                )
            )
        }
        self.patterns = patterns
        self.diagnostics = diagnostics
    }

    /// Whether a file or folder is ignored; `path` is relative to the repository.
    package func matches(_ path: String, isFolder: Bool) -> Bool {
        let whole = Array(path.unicodeScalars)
        let name = whole.lastIndex(of: "/").map { Array(whole[($0 + 1)...]) } ?? whole
        return self.patterns.contains { pattern in
            guard isFolder || !pattern.matchesOnlyFolders else { return false }
            return globMatches(pattern.glob, pattern.isAnchored ? whole : name)
        }
    }
}

/// Whether a whole text matches a pattern of `*`, `**` and `?`.
///
/// - Complexity: O(pattern × text): one row of the table of all prefixes at a time.
package func globMatches(_ pattern: [Unicode.Scalar], _ text: [Unicode.Scalar]) -> Bool {
    // reached[i]: the pattern so far matches the first i scalars of the text.
    var reached = [true] + Array(repeating: false, count: text.count)
    var position = 0
    while position < pattern.count {
        var next = Array(repeating: false, count: text.count + 1)
        let scalar = pattern[position]
        let isDouble =
            scalar == "*" && position + 1 < pattern.count && pattern[position + 1] == "*"
        position += isDouble ? 2 : 1
        if isDouble, position < pattern.count, pattern[position] == "/" {
            // `**/` is any number of folders, so the text so far is empty or ends in a slash.
            position += 1
            var isReached = false
            for index in 0...text.count {
                if reached[index] { next[index] = true }
                if isReached, text[index - 1] == "/" { next[index] = true }
                isReached = isReached || reached[index]
            }
        } else {
            for index in 0...text.count {
                if isDouble {
                    next[index] = reached[index] || (index > 0 && next[index - 1])
                } else if scalar == "*" {
                    let goesOn = index > 0 && next[index - 1] && text[index - 1] != "/"
                    next[index] = reached[index] || goesOn
                } else if index > 0, reached[index - 1] {
                    let given = text[index - 1]
                    next[index] = scalar == "?" ? given != "/" : given == scalar
                }
            }
        }
        reached = next
    }
    return reached[text.count]
}
