/// A feature by name: `view:feature`.
public struct FeatureReference: Hashable, Sendable {
    /// The view's name.
    public var view: String
    /// The feature's name.
    public var feature: String

    /// A reference by its parts.
    public init(view: String, feature: String) {
        self.view = view
        self.feature = feature
    }
}

extension FeatureReference: LosslessStringConvertible {
    /// `view:feature`.
    public var description: String { "\(self.view):\(self.feature)" }

    /// Reads `view:feature`; `nil` when there is no colon or nothing on one side of it.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        self.view = String(text[..<colon])
        self.feature = String(text[text.index(after: colon)...])
        guard !self.view.isEmpty, !self.feature.isEmpty, !self.feature.contains(":") else {
            return nil
        }
    }
}
