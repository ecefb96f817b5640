public import FeatureModel

/// Whether what is served is what a training row with the time now would get, value by value.
public struct VerificationReport: Codable, Hashable, Sendable {
    /// A value that differs.
    public struct Difference: Codable, Hashable, Sendable {
        /// The keys of the row, as `name=value`.
        public let entity: [String]
        /// The feature.
        public let feature: String
        /// What a training row gets.
        public let offline: String
        /// What is served.
        public let online: String
    }

    /// One feature view.
    public struct View: Codable, Hashable, Sendable {
        /// The view's name.
        public let view: String
        /// Different keys in the view's history.
        public internal(set) var keys = 0
        /// Values that were compared.
        public internal(set) var values = 0
        /// Values that differ.
        public internal(set) var different = 0
        /// Keys of the history of which nothing is served, though a training row gets a value.
        public internal(set) var missing = 0
        /// Rows that are served, and of whose key the history knows nothing: pushed to the online
        /// store alone, or gone from the source.
        public internal(set) var onlyOnline = 0
        /// The first differences.
        public internal(set) var samples: [Difference] = []
        /// Why the view was not compared; `nil` when it was.
        public internal(set) var error: String?

        init(view: String) {
            self.view = view
        }

        /// Whether everything that a training row gets is served.
        public var isEqual: Bool { self.different == 0 && self.error == nil }
    }

    /// The time at which both sides were looked at.
    public let time: Timestamp
    /// The views, in the order of their definition.
    public internal(set) var views: [View] = []

    /// Whether all views are equal.
    public var isEqual: Bool { self.views.allSatisfy(\.isEqual) }
}
