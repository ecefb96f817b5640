/// What requests are counted by: one of the server's paths, or `other` for all that it has not.
struct Endpoint: Equatable, Sendable {
    /// The paths, in the order of the counters.
    ///
    /// Those that strangers make up are not counted apart: each would be a series.
    static let paths = [
        "/get-online-features", "/get-historical-features", "/push", "/write-to-online-store",
        "/materialize", "/materialize-incremental", "/verify", "/forget", "/gc", "/apply",
        "/teardown", "/snapshot", "/rejects", "/status", "/health", "/livez", "/readyz", "/metrics",
    ]
    /// Everything else: unknown paths, and bytes that are no request.
    static let other = Endpoint(index: paths.count)
    /// The reads that the hot route answers.
    static let onlineFeatures = Endpoint(index: 0)

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

    /// The value of the label.
    var name: String { self.index < Self.paths.count ? Self.paths[self.index] : "other" }
}
