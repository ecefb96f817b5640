import FeatureServer
import FeatureStoreKit
import Foundation

/// The stores as a command reaches them: through the server that has the online store open, or
/// itself.
///
/// Who has it is looked up for every call, and again when a server has come or gone in between.
struct StoreAccess {
    let store: FeatureStore
    /// How long to try while owners change.
    let patience: Duration

    func materialize(
        from start: Timestamp?,
        to end: Timestamp?,
        views: [String]?,
        strict: Bool,
        progress: ProgressLine
    ) throws(FeatureStoreError) -> MaterializationReport {
        try self.perform { (store) throws(FeatureStoreError) in
            try store.materialize(
                from: start,
                to: end,
                views: views,
                strict: strict,
                progress: { progress.update($0.view, rows: $0.rowsRead, fraction: $0.fraction) }
            )
        } through: { (client) throws(FeatureStoreError) in
            try client.load(
                "/materialize?summary=true",
                LoadBody(
                    start: start,
                    end: end ?? Timestamp.now(),
                    views: views,
                    isWholeHistory: start == nil,
                    strict: strict
                )
            )
        }
    }

    func materializeIncremental(
        to end: Timestamp,
        views: [String]?,
        strict: Bool,
        progress: ProgressLine
    ) throws(FeatureStoreError) -> MaterializationReport {
        try self.perform { (store) throws(FeatureStoreError) in
            try store.materializeIncremental(
                to: end,
                views: views,
                strict: strict,
                progress: { progress.update($0.view, rows: $0.rowsRead, fraction: $0.fraction) }
            )
        } through: { (client) throws(FeatureStoreError) in
            try client.load(
                "/materialize-incremental?summary=true",
                LoadBody(end: end, views: views, strict: strict)
            )
        }
    }

    /// The body of the answer of `/get-online-features`.
    func onlineFeatures(_ request: OnlineFeaturesRequest) throws(FeatureStoreError) -> [UInt8] {
        try self.perform { (store) throws(FeatureStoreError) in
            OnlineResponseEncoder.encode(try store.onlineFeatures(request))
        } through: { (client) throws(FeatureStoreError) in
            try client.post("/get-online-features", body: request.jsonBody()).checked()
        }
    }

    func verify(views: [String]?) throws(FeatureStoreError) -> VerificationReport {
        try self.perform { (store) throws(FeatureStoreError) in
            try store.verify(views: views)
        } through: { (client) throws(FeatureStoreError) in
            let body = Array((try? JSONEncoder().encode(["feature_views": views])) ?? Data())
            return try decoded(client.post("/verify", body: body).checked())
        }
    }

    /// Pushes rows; more than a server takes at once go to it in several pushes.
    func push(_ request: PushRequest) throws(FeatureStoreError) -> PushResult {
        try self.perform(mayRepeat: request.idempotencyKey != nil) {
            (store) throws(FeatureStoreError) in
            try store.push(request)
        } through: { (client) throws(FeatureStoreError) in
            try client.push(request)
        }
    }

    /// A snapshot beside the store, which somebody takes from there.
    func stageSnapshot() throws(FeatureStoreError) -> StagedSnapshot {
        try self.perform { (store) throws(FeatureStoreError) in
            try store.stageSnapshot()
        } through: { (client) throws(FeatureStoreError) in
            try decoded(client.post("/snapshot", body: []).checked())
        }
    }

    func status() throws(FeatureStoreError) -> ProjectStatus {
        try self.perform { (store) throws(FeatureStoreError) in
            try store.status()
        } through: { (client) throws(FeatureStoreError) in
            try decoded(client.get("/status").checked())
        }
    }

    func forget(_ request: ForgetRequest) throws(FeatureStoreError) -> ForgetReceipt {
        try self.perform { (store) throws(FeatureStoreError) in
            try store.forget(request)
        } through: { (client) throws(FeatureStoreError) in
            try decoded(client.post("/forget", body: request.jsonBody()).checked())
        }
    }

    func collectGarbage(isDryRun: Bool) throws(FeatureStoreError) -> GarbageReport {
        try self.perform { (store) throws(FeatureStoreError) in
            try store.collectGarbage(isDryRun: isDryRun)
        } through: { (client) throws(FeatureStoreError) in
            let body = Array(#"{"dry_run":\#(isDryRun)}"#.utf8)
            return try decoded(client.post("/gc", body: body).checked())
        }
    }

    /// Applies a plan; when it returns, a server serves the new definitions.
    func apply(
        _ plan: RegistryPlan,
        allowDestroy: Bool
    ) throws(FeatureStoreError) -> (plan: RegistryPlan, version: Int) {
        let applied = try self.store.applied(plan, allowDestroy: allowDestroy)
        try self.refreshOwner()
        return applied
    }

    /// Removes all definitions and online rows; when it returns, a server serves none.
    func teardown() throws(FeatureStoreError) -> Int {
        let version = try self.store.teardown()
        try self.refreshOwner()
        return version
    }

    /// Has the server take up what is in the registry; without a server there is nothing to do.
    ///
    /// The registry is a database of its own, which any process may write.
    func refreshOwner() throws(FeatureStoreError) {
        try self.perform { (_) throws(FeatureStoreError) in
        } through: { (client) throws(FeatureStoreError) in
            _ = try client.post("/refresh", body: []).checked()
        }
    }

    // MARK: Inner workings

    /// Does something through the server that has the store open, or itself.
    ///
    /// - Parameters:
    ///   - mayRepeat: Whether it may be done twice, when a server ends before it answers.
    ///   - direct: Does it itself; an error of the code `conflict` means that another process has
    ///     the store.
    ///   - through: Does it through a server.
    /// - Returns: What they return.
    /// - Throws: What they throw, of the last try.
    func perform<Result>(
        mayRepeat: Bool = true,
        direct: (FeatureStore) throws(FeatureStoreError) -> Result,
        through: (ServerClient) throws(FeatureStoreError) -> Result
    ) throws(FeatureStoreError) -> Result {
        let deadline = ContinuousClock.now + max(self.patience, .milliseconds(500))
        while true {
            do throws(FeatureStoreError) {
                guard let path = self.store.onlineStoreOwner()?.socketPath else {
                    return try direct(self.store)
                }
                return try through(ServerClient(unixSocketPath: path))
            } catch {
                let isWorthTrying =
                    switch error.cause as? ServerClient.ConnectionFailure {
                    case .notListening: true
                    case .ended: mayRepeat
                    // A server has come while this process waited for another one, or has gone
                    // again since.
                    case nil: error.code == .conflict && error.isAboutOwner
                    }
                guard isWorthTrying, ContinuousClock.now < deadline else {
                    throw self.namingOwner(error)
                }
                Thread.sleep(forTimeInterval: 0.02)
            }
        }
    }
}

extension StoreAccess {
    /// The error, with the process that has the store and does not listen.
    private func namingOwner(_ error: FeatureStoreError) -> FeatureStoreError {
        guard error.cause as? ServerClient.ConnectionFailure == .notListening,
            let owner = self.store.onlineStoreOwner()
        else { return error }
        return FeatureStoreError(
            code: .conflict,
            message: "the online store is in use by process \(owner.processID) "
                + "(\(owner.command)), which does not answer; it may be ending: try again",
            cause: error
        )
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
