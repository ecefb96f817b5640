/// What requests are counted by: one of the server's endpoints, or `other` for all that it has not.
struct CountedEndpoint: Equatable, Sendable {
    /// The paths, in the order of the counters.
    ///
    /// Those that strangers make up are not counted apart: each would be a series.
    static let paths = Endpoint.allCases.map(\.rawValue)
    /// Everything else: unknown paths, and bytes that are no request.
    static let other = CountedEndpoint(index: paths.count)
    /// The reads that the hot route answers.
    static let onlineFeatures = CountedEndpoint(uri: Endpoint.onlineFeatures.rawValue)

    /// The place among ``paths``; their number for the rest.
    let index: Int

    private init(index: Int) {
        self.index = index
    }

    /// The endpoint of a request's target.
    init(uri: String) {
        let path = Route.path(of: uri)
        self.index = Self.paths.firstIndex { $0 == path } ?? Self.paths.count
    }

    /// The endpoint; `nil` for the rest.
    var endpoint: Endpoint? { Endpoint(rawValue: self.name) }

    /// The value of the label.
    var name: String { self.index < Self.paths.count ? Self.paths[self.index] : "other" }
}
