/// A feature by name: `view:feature`, or `view@v2:feature` for a pinned generation of the view.
public struct FeatureReference: Hashable, Sendable {
    /// The view's name.
    public var view: String
    /// The generation of the view; `nil` for the one in force.
    public var version: Int?
    /// The feature's name.
    public var feature: String

    /// A reference by its parts.
    public init(view: String, version: Int? = nil, feature: String) {
        self.view = view
        self.version = version
        self.feature = feature
    }
}

extension FeatureReference: LosslessStringConvertible {
    /// `view:feature`, or `view@v2:feature`.
    public var description: String {
        "\(ViewReference(view: self.view, version: self.version)):\(self.feature)"
    }

    /// Reads `view:feature`; `nil` when there is no colon, nothing on one side of it, or something
    /// else than `v` and a number behind an `@`.
    public init?(_ text: String) {
        // By code points: a name may begin with an accent that combines with the colon.
        guard let colon = text.unicodeScalars.firstIndex(of: ":"),
            let view = ViewReference(String(text[..<colon]))
        else { return nil }
        self.view = view.view
        self.version = view.version
        self.feature = String(text[text.unicodeScalars.index(after: colon)...])
        guard !self.feature.isEmpty, !self.feature.unicodeScalars.contains(":") else { return nil }
    }
}

/// A view by name, or one generation of it: `view`, `view@v2`.
package struct ViewReference: Hashable, Sendable, LosslessStringConvertible {
    /// The view's name.
    package var view: String
    /// The generation, from 1; `nil` for the one in force.
    package var version: Int?

    package init(view: String, version: Int?) {
        self.view = view
        self.version = version
    }

    /// Reads `view` or `view@v2`; `nil` for an empty name, or anything else behind an `@`.
    package init?(_ text: String) {
        guard let at = text.lastIndex(of: "@") else {
            guard !text.isEmpty else { return nil }
            self.init(view: text, version: nil)
            return
        }
        let suffix = text[text.index(after: at)...]
        guard at > text.startIndex, suffix.first == "v", suffix.dropFirst().allSatisfy(\.isNumber),
            let version = Int(suffix.dropFirst()), version > 0
        else { return nil }
        self.init(view: String(text[..<at]), version: version)
    }

    /// `view`, or `view@v2`.
    package var description: String {
        self.version.map { "\(self.view)@v\($0)" } ?? self.view
    }
}
