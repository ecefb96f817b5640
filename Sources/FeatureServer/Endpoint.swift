import FeatureStoreKit
import NIOHTTP1

/// What the server answers, by path.
enum Endpoint: String, CaseIterable {
    case onlineFeatures = "/get-online-features"
    case historicalFeatures = "/get-historical-features"
    case materialize = "/materialize"
    case materializeIncremental = "/materialize-incremental"
    case push = "/push"
    case writeToOnlineStore = "/write-to-online-store"
    case verify = "/verify"
    case health = "/health"
    case status = "/status"
    case live = "/livez"
    case ready = "/readyz"
    case metrics = "/metrics"
    case snapshot = "/snapshot"
    case forget = "/forget"
    case collectGarbage = "/gc"
    case refresh = "/refresh"

    /// The methods that it takes.
    var methods: [HTTPMethod] {
        switch self {
        case .onlineFeatures, .historicalFeatures, .materialize, .materializeIncremental, .push,
            .writeToOnlineStore, .verify, .snapshot, .forget, .collectGarbage, .refresh:
            [.POST]
        case .status: [.GET]
        case .health, .live, .ready, .metrics: [.GET, .HEAD]
        }
    }

    /// What a token must allow for it; `nil` when it needs none.
    var scope: AccessScope? {
        switch self {
        case .health, .live, .ready: nil
        case .onlineFeatures, .historicalFeatures, .status, .metrics: .read
        case .push, .writeToOnlineStore: .push
        case .materialize, .materializeIncremental, .verify, .snapshot, .forget,
            .collectGarbage, .refresh:
            .admin
        }
    }
}
