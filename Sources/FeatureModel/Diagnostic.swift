/// A place in a definition file.
public struct SourceLocation: Hashable, Sendable {
    /// The file, relative to the repository.
    public var file: String
    /// The line, from 1.
    public var line: Int
    /// The column, from 1.
    public var column: Int

    /// A place.
    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// One problem of a repository: what, where, why, and how to mend it.
public struct Diagnostic: Hashable, Sendable {
    /// Whether the problem stops the work.
    public enum Severity: String, Sendable {
        /// It does.
        case error
        /// It does not.
        case warning
    }

    /// Whether the problem stops the work.
    public var severity: Severity
    /// What is wrong, naming the thing: `feature view "weather" names an unknown entity "airprt"`.
    public var message: String
    /// How to mend it, such as `did you mean "airport"?`.
    public var fix: String?
    /// Where it stands, if it stands in a file.
    public var location: SourceLocation?

    /// A problem.
    public init(
        severity: Severity = .error,
        message: String,
        fix: String? = nil,
        location: SourceLocation? = nil
    ) {
        self.severity = severity
        self.message = message
        self.fix = fix
        self.location = location
    }
}

extension Diagnostic: CustomStringConvertible {
    /// `driver.yaml:12:5: error: message; fix`.
    public var description: String {
        var text = ""
        if let location = self.location {
            text += "\(location.file):\(location.line):\(location.column): "
        }
        text += "\(self.severity.rawValue): \(self.message)"
        if let fix = self.fix {
            text += "; \(fix)"
        }
        return text
    }
}

/// All problems that stopped a step, in the order of their places.
public struct DiagnosticsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The problems; at least one is an error.
    public var diagnostics: [Diagnostic]

    /// An error for these problems.
    public init(diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// One problem a line.
    public var description: String {
        self.diagnostics.map(\.description).joined(separator: "\n")
    }
}
