/// Why a token may not be used for something.
public struct AccessDenial: Error, Hashable, Sendable {
    /// What the token lacks.
    public enum Kind: String, Sendable {
        /// The scope.
        case scope
        /// It is for another project.
        case project
        /// A feature view.
        case view
    }

    /// What the token lacks.
    public let kind: Kind
    /// The same for people, with names.
    public let message: String
    /// The feature views that it was to be used for, where they matter.
    public let views: [String]

    init(kind: Kind, message: String, views: [String] = []) {
        self.kind = kind
        self.message = message
        self.views = views
    }
}
