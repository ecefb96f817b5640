import FeatureModel
import FeatureServer
import Synchronization

@testable import FeatureCompute
@testable import FeatureStoreKit

/// A store whose answers the test writes down.
final class FakeServing: FeatureServing {
    let project = "t"
    private let read: @Sendable (OnlineFeaturesRequest) throws(FeatureStoreError) -> OnlineFeatures
    private let load: @Sendable (String) throws(FeatureStoreError) -> String
    private let training:
        @Sendable (FeatureSelection, EntityRowsInput, HistoricalFeaturesOptions)
            throws(FeatureStoreError) -> TrainingSet
    private let isHealthy: Bool
    private let refreshError: FeatureStoreError?
    /// What was asked for, in order.
    let requests = Mutex<[OnlineFeaturesRequest]>([])
    let refreshCount = Atomic<Int>(0)
    /// Changes that were asked for and refused: action, kind, who, request and views.
    let refusedChanges = Mutex<[String]>([])

    init(
        isHealthy: Bool = true,
        refreshError: FeatureStoreError? = nil,
        load: @escaping @Sendable (String) throws(FeatureStoreError) -> String = {
            (_) throws(FeatureStoreError) in "{}"
        },
        training:
            @escaping @Sendable (FeatureSelection, EntityRowsInput, HistoricalFeaturesOptions)
            throws(FeatureStoreError) -> TrainingSet = {
                (_, _, _) throws(FeatureStoreError) in
                fakeTrainingSet(Table(columns: [], rowCount: 0))
            },
        read:
            @escaping @Sendable (OnlineFeaturesRequest) throws(FeatureStoreError) ->
            OnlineFeatures = { (request) throws(FeatureStoreError) in echo(request) }
    ) {
        self.isHealthy = isHealthy
        self.refreshError = refreshError
        self.load = load
        self.training = training
        self.read = read
    }

    func featureCount(of selection: FeatureSelection) -> Int {
        switch selection {
        case .features(let references): references.count
        case .service(let name): name == "wide" ? 300 : 1
        }
    }

    func computesFeatures(of selection: FeatureSelection) -> Bool {
        if case .features(let references) = selection {
            return references.contains { $0.hasPrefix("computed:") }
        }
        return false
    }

    func auditRefusal(of action: AuditAction, _ denial: AccessDenial) {
        self.refusedChanges.withLock {
            let caller = Caller.current
            $0.append(
                "\(action.rawValue) \(denial.kind.rawValue) \(caller.name) "
                    + "\(caller.requestID ?? "-") \(denial.views.joined(separator: ","))"
            )
        }
    }

    func message(of error: FeatureStoreError, for caller: Caller) -> String {
        caller.isRemote ? self.withoutFolders(error.message) : error.message
    }

    func withoutFolders(_ text: String) -> String {
        text.replacing("/secret/folder/", with: "")
    }

    func viewNames(of target: AccessTarget) -> [String] {
        switch target {
        case .selection(.features(let references)):
            references.map { String($0.prefix { $0 != ":" }) }
        case .selection(.service(let name)), .push(.source(let name)), .push(.view(let name)):
            [name]
        case .views(let names): names ?? ["v", "w"]
        }
    }

    func onlineFeatures(
        _ request: OnlineFeaturesRequest
    ) throws(FeatureStoreError) -> OnlineFeatures {
        self.requests.withLock { $0.append(request) }
        return try self.read(request)
    }

    func trainingSet(
        _ features: FeatureSelection,
        entities: EntityRowsInput,
        options: HistoricalFeaturesOptions
    ) throws(FeatureStoreError) -> TrainingSet {
        try self.training(features, entities, options)
    }

    func materialize(
        from start: Timestamp?,
        to end: Timestamp?,
        views: [String]?,
        strict: Bool
    ) throws(FeatureStoreError) -> String {
        try self.load("\(text(start)) \(text(end)) \(views?.joined(separator: ",") ?? "all")")
    }

    func materializeIncremental(
        to end: Timestamp?,
        views: [String]?,
        strict: Bool
    ) throws(FeatureStoreError) -> String {
        try self.load("since last \(text(end)) \(views?.joined(separator: ",") ?? "all")")
    }

    func verify(views: [String]?) throws(FeatureStoreError) -> String {
        #"{"views": "\#(views?.joined(separator: ",") ?? "all")"}"#
    }

    func push(_ request: PushRequest) throws(FeatureStoreError) -> PushResult {
        throw FeatureStoreError(code: .invalidArgument, message: "nothing is pushed here")
    }

    func forgetSummary(_ request: ForgetRequest) throws(FeatureStoreError) -> String {
        #"{"entities": \#(request.entities.count)}"#
    }

    func garbageSummary(isDryRun: Bool) throws(FeatureStoreError) -> String {
        #"{"is_dry_run": \#(isDryRun)}"#
    }

    func statusSummary() throws(FeatureStoreError) -> String { "{}" }

    func stagedSnapshot() throws(FeatureStoreError) -> String { "{}" }

    func refreshDefinitions() throws(FeatureStoreError) {
        self.refreshCount.wrappingAdd(1, ordering: .relaxed)
        if let error = self.refreshError { throw error }
    }

    func health() -> Bool { self.isHealthy }
}

private func text(_ timestamp: Timestamp?) -> String {
    timestamp?.description ?? "open"
}

/// An answer that has the ids and no features.
func echo(_ request: OnlineFeaturesRequest) -> OnlineFeatures {
    answer(
        entities: request.entities.map { column in
            (column.name, answerColumn(.int64, column.values))
        },
        features: []
    )
}

/// A training set of these columns, of which some are features.
func fakeTrainingSet(_ table: Table, features: [String] = []) -> TrainingSet {
    var report = TrainingSetReport()
    report.rows = table.rowCount
    report.columns = features.map { TrainingSetReport.Column(name: $0, view: "v") }
    return TrainingSet(table: table, report: report)
}

/// A column; a value that cannot be of the type fails the test by a trap.
func answerColumn(_ type: ValueType, _ values: [Value]) -> Column {
    guard let column = try? Column(type: type, values: values) else {
        preconditionFailure("\(values) are no \(type)")
    }
    return column
}

/// A column from canonical texts, for the types that ``Value`` does not build.
func canonicalColumn(_ type: ValueType, _ texts: [String?]) -> Column {
    var builder = ColumnBuilder(type: type)
    for text in texts {
        if let text {
            builder.append(bytes: text.utf8)
        } else {
            builder.appendNull()
        }
    }
    return builder.finish()
}

/// A feature whose values are all there, at one time.
func feature(
    _ name: String,
    _ column: Column,
    statuses: [FeatureStatus]? = nil,
    times: [Timestamp]? = nil
) -> OnlineFeatures.FeatureColumn {
    OnlineFeatures.FeatureColumn(
        name: name,
        values: column,
        statuses: statuses ?? Array(repeating: .present, count: column.count),
        eventTimestamps: times ?? Array(repeating: .epoch, count: column.count)
    )
}

func answer(
    entities: [(String, Column)],
    features: [OnlineFeatures.FeatureColumn]
) -> OnlineFeatures {
    OnlineFeatures(
        entities: entities.map { OnlineFeatures.EntityColumn(name: $0.0, values: $0.1) },
        features: features,
        rowCount: entities.first?.1.count ?? features.first?.values.count ?? 0
    )
}
