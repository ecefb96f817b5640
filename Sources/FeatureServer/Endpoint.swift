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
        case .status, .health, .live, .ready, .metrics: [.GET, .HEAD]
        }
    }

    /// What it changes, for the audit log; `nil` when it changes nothing that is told there.
    var auditAction: AuditAction? {
        switch self {
        case .push: .push
        case .writeToOnlineStore: .write
        case .materialize, .materializeIncremental: .materialize
        case .snapshot: .snapshot
        case .forget: .forget
        case .collectGarbage: .gc
        case .onlineFeatures, .historicalFeatures, .verify, .health, .status, .live, .ready,
            .metrics, .refresh:
            nil
        }
    }

    /// Whether its body is read on the event loop, when it is small.
    var readsBodyOnEventLoop: Bool {
        switch self {
        case .onlineFeatures, .materialize, .materializeIncremental, .verify, .snapshot, .forget,
            .collectGarbage, .refresh:
            true
        case .historicalFeatures, .push, .writeToOnlineStore, .health, .status, .live, .ready,
            .metrics:
            false
        }
    }

    /// Whether it is fstore's own and must not do more than was asked for: whatever it does not
    /// know in a request is refused.
    var isStrict: Bool {
        switch self {
        case .verify, .snapshot, .forget, .collectGarbage, .refresh: true
        default: false
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
