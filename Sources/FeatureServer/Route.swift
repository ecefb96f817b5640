import FeatureStoreKit
import NIOHTTP1

/// What a request asks for, by its method and path.
enum Route: Equatable {
    case onlineFeatures
    case historicalFeatures
    /// `wantsSummary` when the query says `summary=true`: the answer is what the load did instead
    /// of Feast's `null`.
    case materialize(isIncremental: Bool, wantsSummary: Bool)
    case verify
    /// Rows for a push source, or for one feature view. `listsAll` unless the query says
    /// `results=problems`: the answer lists the rows that were accepted as well.
    case push(isView: Bool, listsAll: Bool)
    case health
    case status
    /// A snapshot beside the store, for the command that takes it from there.
    case snapshot
    /// Whether the process answers.
    case live
    /// Whether requests should come here.
    case ready
    case metrics
    case forget
    case collectGarbage
    /// Takes up what was applied at once.
    case refresh
    /// An endpoint that takes no query has one.
    case unknownQuery(String)
    /// The path is known, but not with this method.
    case otherMethod(allowed: String)
    case unknown

    init(method: HTTPMethod, uri: String) {
        let target = Self.originForm(uri)
        let path = Self.path(ofTarget: target)
        let query = target.dropFirst(path.count).dropFirst().prefix { $0 != "#" }
        guard let endpoint = Endpoint(rawValue: String(path)) else {
            self = .unknown
            return
        }
        guard endpoint.methods.contains(method) else {
            self = .otherMethod(allowed: endpoint.methods.map(\.rawValue).joined(separator: ", "))
            return
        }
        guard !endpoint.isStrict || query.isEmpty else {
            self = .unknownQuery(String(query))
            return
        }
        let words = query.split(separator: "&")
        switch endpoint {
        case .onlineFeatures: self = .onlineFeatures
        case .historicalFeatures: self = .historicalFeatures
        case .materialize, .materializeIncremental:
            self = .materialize(
                isIncremental: endpoint == .materializeIncremental,
                wantsSummary: words.contains("summary=true")
            )
        case .push, .writeToOnlineStore:
            self = .push(
                isView: endpoint == .writeToOnlineStore,
                listsAll: !words.contains("results=problems")
            )
        case .verify: self = .verify
        case .health: self = .health
        case .status: self = .status
        case .live: self = .live
        case .ready: self = .ready
        case .metrics: self = .metrics
        case .snapshot: self = .snapshot
        case .forget: self = .forget
        case .collectGarbage: self = .collectGarbage
        case .refresh: self = .refresh
        }
    }

    /// What a request needs where tokens are in force.
    enum Need: Equatable {
        case nothing
        /// A token of any kind: who has one may learn what there is and what is not.
        case token
        case scope(AccessScope)
    }

    /// What a request needs.
    static func need(method: HTTPMethod, uri: String) -> Need {
        let path = Self.originForm(uri).prefix { $0 != "?" && $0 != "#" }
        guard let endpoint = Endpoint(rawValue: String(path)) else { return .token }
        guard endpoint.methods.contains(method) else { return .token }
        return endpoint.scope.map { .scope($0) } ?? .nothing
    }

    /// The path of a request's target.
    static func path(of uri: String) -> Substring {
        self.path(ofTarget: self.originForm(uri))
    }

    private static func path(ofTarget target: Substring) -> Substring {
        target.prefix { $0 != "?" && $0 != "#" }
    }

    /// The path and query of a target that may name the host as well (`http://host/path`).
    private static func originForm(_ uri: String) -> Substring {
        guard !uri.hasPrefix("/"), let scheme = uri.firstRange(of: "://") else { return uri[...] }
        return uri[scheme.upperBound...].drop { $0 != "/" }
    }
}
