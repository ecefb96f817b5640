import FeatureServer
import FeatureStoreKit
import Foundation

/// The online store as a command reaches it: through the server that has it open, or itself.
enum StoreAccess {
    /// Nobody has the store open, or somebody who answers no commands: the error names them.
    case direct(FeatureStore)
    /// A server has it open.
    case server(ServerClient)

    init(_ store: FeatureStore) {
        if let path = store.onlineStoreOwner()?.socketPath {
            self = .server(ServerClient(unixSocketPath: path))
        } else {
            self = .direct(store)
        }
    }

    func materialize(
        from start: Timestamp?,
        to end: Timestamp?,
        views: [String]?,
        strict: Bool,
        progress: ProgressLine
    ) throws(FeatureStoreError) -> MaterializationReport {
        switch self {
        case .direct(let store):
            return try store.materialize(
                from: start,
                to: end,
                views: views,
                strict: strict,
                progress: { progress.update($0.view, rows: $0.rowsRead, fraction: $0.fraction) }
            )
        case .server(let client):
            let body = LoadBody(
                start: start,
                end: end ?? Timestamp.now(),
                views: views,
                isWholeHistory: start == nil,
                strict: strict
            )
            return try client.load("/materialize?summary=true", body)
        }
    }

    func materializeIncremental(
        to end: Timestamp,
        views: [String]?,
        strict: Bool,
        progress: ProgressLine
    ) throws(FeatureStoreError) -> MaterializationReport {
        switch self {
        case .direct(let store):
            return try store.materializeIncremental(
                to: end,
                views: views,
                strict: strict,
                progress: { progress.update($0.view, rows: $0.rowsRead, fraction: $0.fraction) }
            )
        case .server(let client):
            let body = LoadBody(end: end, views: views, strict: strict)
            return try client.load("/materialize-incremental?summary=true", body)
        }
    }

    /// The body of the answer of `/get-online-features`.
    func onlineFeatures(_ request: OnlineFeaturesRequest) throws(FeatureStoreError) -> [UInt8] {
        switch self {
        case .direct(let store):
            return OnlineResponseEncoder.encode(try store.onlineFeatures(request))
        case .server(let client):
            let answer = try client.post("/get-online-features", body: request.jsonBody())
            return try answer.checked()
        }
    }

    func verify(views: [String]?) throws(FeatureStoreError) -> VerificationReport {
        switch self {
        case .direct(let store):
            return try store.verify(views: views)
        case .server(let client):
            let body = Array((try? JSONEncoder().encode(["feature_views": views])) ?? Data())
            return try decoded(client.post("/verify", body: body).checked())
        }
    }

    /// Pushes rows; more than a server takes at once go to it in several pushes.
    func push(_ request: PushRequest) throws(FeatureStoreError) -> PushResult {
        switch self {
        case .direct(let store):
            return try store.push(request)
        case .server(let client):
            return try client.push(request)
        }
    }

    /// A snapshot beside the store, which somebody takes from there.
    func stageSnapshot() throws(FeatureStoreError) -> StagedSnapshot {
        switch self {
        case .direct(let store): return try store.stageSnapshot()
        case .server(let client): return try decoded(client.post("/snapshot", body: []).checked())
        }
    }

    func status() throws(FeatureStoreError) -> ProjectStatus {
        switch self {
        case .direct(let store): return try store.status()
        case .server(let client): return try decoded(client.get("/status").checked())
        }
    }
}

/// The body of a load, with the wire's names.
private struct LoadBody: Encodable {
    var start: Timestamp?
    var end: Timestamp
    var views: [String]?
    /// Whether all of the history is loaded, up to the end.
    var isWholeHistory = false
    var strict: Bool

    private enum CodingKeys: String, CodingKey {
        case start = "start_ts"
        case end = "end_ts"
        case views = "feature_views"
        case isWholeHistory = "disable_event_timestamp"
        case strict
    }
}

extension ServerClient {
    fileprivate func load(
        _ path: String,
        _ body: LoadBody
    ) throws(FeatureStoreError) -> MaterializationReport {
        let bytes: Data
        do {
            bytes = try JSONEncoder().encode(body)
        } catch {
            throw FeatureStoreError(code: .invalidArgument, message: "\(error)", cause: error)
        }
        return try decoded(self.post(path, body: Array(bytes)).checked())
    }
}

extension ServerClient.Response {
    /// The body of a success.
    ///
    /// - Throws: The server's error, in its words.
    func checked() throws(FeatureStoreError) -> [UInt8] {
        guard self.status != 200 else { return self.body }
        let text = String(decoding: self.body, as: UTF8.self)
        throw FeatureStoreError(
            code: self.status >= 500 ? .unavailable : .invalidArgument,
            message: serverMessage(in: self.body) ?? "the server answered \(self.status): \(text)"
        )
    }
}

/// The message of `{"detail": …}`, or of Feast's JSON in a JSON string.
private func serverMessage(in body: [UInt8]) -> String? {
    struct Detail: Decodable {
        let detail: String
    }
    struct FeastError: Decodable {
        let message: String
    }
    let decoder = JSONDecoder()
    let data = Data(body)
    if let detail = try? decoder.decode(Detail.self, from: data) { return detail.detail }
    guard let inner = try? decoder.decode(String.self, from: data) else { return nil }
    return (try? decoder.decode(FeastError.self, from: Data(inner.utf8)))?.message ?? inner
}

func decoded<Result: Decodable>(_ body: [UInt8]) throws(FeatureStoreError) -> Result {
    do {
        return try ReportJSON.decode(body)
    } catch {
        throw FeatureStoreError(
            code: .unavailable,
            message: "the server's answer cannot be read: \(error)",
            cause: error
        )
    }
}
