/// What one check of a project and its machine found.
public struct HealthFinding: Codable, Hashable, Sendable {
    /// How bad it is.
    public enum Severity: String, Codable, Sendable {
        /// Nothing is wrong.
        case ok
        /// It works, but not for long, or not as somebody may believe.
        case warning
        /// Something does not work.
        case problem
    }

    /// What was looked at, such as `registry` or `source flights`.
    public let subject: String
    /// How bad it is.
    public let severity: Severity
    /// What was found.
    public let message: String
    /// What to do about it; `nil` when there is nothing to do.
    public let fix: String?

    /// What a check found.
    public init(subject: String, severity: Severity, message: String, fix: String? = nil) {
        self.subject = subject
        self.severity = severity
        self.message = message
        self.fix = fix
    }
}
