import FeatureModel

/// What the token of a request allows.
public final class AccessGrant: Sendable {
    /// What the token is called.
    public let name: String
    /// When it ends; `nil` for never.
    let expires: Timestamp?
    private let scopes: Set<AccessScope>
    private let project: String?
    private let patternTexts: [String]
    private let patterns: [NamePattern]

    init(_ token: AccessToken, expires: Timestamp?) {
        self.name = token.name
        self.expires = expires
        self.scopes = Set(token.scopes)
        self.project = token.project
        self.patternTexts = token.views
        self.patterns = token.views.map { NamePattern($0) }
    }

    /// Whether the token is for every view.
    package var coversAllViews: Bool { self.patterns.isEmpty }

    /// Whether the token is for a view, by its name without a version.
    package func covers(view: String) -> Bool {
        self.patterns.isEmpty || self.patterns.contains { $0.matches(view) }
    }

    /// Whether the token has a scope.
    package func has(_ scope: AccessScope) -> Bool {
        self.scopes.contains(scope) || self.scopes.contains(.admin)
    }

    /// Why the token may not be used for something in a project; `nil` when it may.
    package func denial(_ scope: AccessScope, project: String) -> AccessDenial? {
        guard self.project == nil || self.project == project else {
            return AccessDenial(
                kind: .project,
                message: "The token \"\(self.name)\" is for the project "
                    + "\"\(self.project ?? "")\", and this is \"\(project)\"."
            )
        }
        guard !self.has(scope) else { return nil }
        let scopes = self.scopes.map(\.rawValue).sorted().joined(separator: ", ")
        return AccessDenial(
            kind: .scope,
            message: "This needs the scope \(scope.rawValue); the token \"\(self.name)\" has: "
                + "\(scopes)."
        )
    }

    /// Why the token may not be used for some views; `nil` when it may.
    package func denial(views: [String]) -> AccessDenial? {
        guard !self.patterns.isEmpty,
            let view = views.first(where: { !self.covers(view: $0) })
        else { return nil }
        let patterns = self.patternTexts.joined(separator: ", ")
        return AccessDenial(
            kind: .view,
            message: "This needs the feature view \"\(view)\"; the token \"\(self.name)\" is for: "
                + "\(patterns).",
            views: views
        )
    }
}
