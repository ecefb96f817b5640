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
    /// The path is known, but not with this method.
    case otherMethod(allowed: String)
    case unknown

    init(method: HTTPMethod, uri: String) {
        let target = Self.originForm(uri)
        let path = Self.path(ofTarget: target)
        let query = target.dropFirst(path.count).dropFirst().prefix { $0 != "#" }
        switch path {
        case "/get-online-features":
            self = method == .POST ? .onlineFeatures : .otherMethod(allowed: "POST")
        case "/get-historical-features":
            self = method == .POST ? .historicalFeatures : .otherMethod(allowed: "POST")
        case "/materialize", "/materialize-incremental":
            guard method == .POST else {
                self = .otherMethod(allowed: "POST")
                return
            }
            self = .materialize(
                isIncremental: path == "/materialize-incremental",
                wantsSummary: query.split(separator: "&").contains("summary=true")
            )
        case "/verify":
            self = method == .POST ? .verify : .otherMethod(allowed: "POST")
        case "/push", "/write-to-online-store":
            guard method == .POST else {
                self = .otherMethod(allowed: "POST")
                return
            }
            self = .push(
                isView: path == "/write-to-online-store",
                listsAll: !query.split(separator: "&").contains("results=problems")
            )
        case "/health":
            let isKnown = method == .GET || method == .HEAD
            self = isKnown ? .health : .otherMethod(allowed: "GET, HEAD")
        case "/status":
            self = method == .GET ? .status : .otherMethod(allowed: "GET")
        case "/snapshot":
            self = method == .POST ? .snapshot : .otherMethod(allowed: "POST")
        case "/livez", "/readyz", "/metrics":
            guard method == .GET || method == .HEAD else {
                self = .otherMethod(allowed: "GET, HEAD")
                return
            }
            self = path == "/livez" ? .live : path == "/readyz" ? .ready : .metrics
        case "/forget":
            self = method == .POST ? .forget : .otherMethod(allowed: "POST")
        case "/gc":
            self = method == .POST ? .collectGarbage : .otherMethod(allowed: "POST")
        case "/refresh":
            self = method == .POST ? .refresh : .otherMethod(allowed: "POST")
        default:
            self = .unknown
        }
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
