public import FeatureModel
public import FeatureStoreKit

/// What the server asks of a feature store.
///
/// Every call may come from any thread, and several at a time: `onlineFeatures` mostly from event
/// loops, so it must not wait for a load; pushes, loads and ``refreshDefinitions()`` from threads
/// of their own.
public protocol FeatureServing: Sendable {
    /// The project that is served.
    var project: String { get }

    /// How many features a selection stands for, without any I/O; 0 for an unknown service.
    func featureCount(of selection: FeatureSelection) -> Int

    /// Whether some of the features that a selection stands for are computed, without any I/O.
    func computesFeatures(of selection: FeatureSelection) -> Bool

    /// The feature views that a request reads or writes, without any I/O; see
    /// ``FeatureStore/viewNames(of:)``.
    func viewNames(of target: AccessTarget) -> [String]

    /// The newest values of some features for some entities.
    func onlineFeatures(
        _ request: OnlineFeaturesRequest
    ) throws(FeatureStoreError) -> OnlineFeatures

    /// Entity rows with the features known at their times.
    ///
    /// - Parameters:
    ///   - features: References such as `view:feature`, or a service.
    ///   - entities: The entity rows, or the keys that the views have.
    ///   - options: How the set is made.
    /// - Returns: The set, with the report.
    /// - Throws: Why there is none.
    func trainingSet(
        _ features: FeatureSelection,
        entities: EntityRowsInput,
        options: HistoricalFeaturesOptions
    ) throws(FeatureStoreError) -> TrainingSet

    /// Writes rows into the stores; called on a thread that may wait for disks.
    func push(_ request: PushRequest) throws(FeatureStoreError) -> PushResult

    /// Loads the newest row of each key in a window of event times, both ends inclusive.
    ///
    /// - Parameters:
    ///   - start: The first event time; `nil` for the beginning of the source.
    ///   - end: The last event time; `nil` for now.
    ///   - views: The views to load; `nil` for all.
    ///   - strict: Whether one bad row fails its view.
    /// - Returns: What was done, as a JSON text.
    /// - Throws: Why nothing was loaded.
    func materialize(
        from start: Timestamp?,
        to end: Timestamp?,
        views: [String]?,
        strict: Bool
    ) throws(FeatureStoreError) -> String

    /// Loads what arrived since the last load.
    ///
    /// - Parameters:
    ///   - end: The last event time; `nil` for now.
    ///   - views: The views to load; `nil` for all.
    ///   - strict: Whether one bad row fails its view.
    /// - Returns: What was done, as a JSON text.
    /// - Throws: Why nothing was loaded.
    func materializeIncremental(
        to end: Timestamp?,
        views: [String]?,
        strict: Bool
    ) throws(FeatureStoreError) -> String

    /// Compares what is served with the history, value by value.
    ///
    /// - Parameter views: The views; `nil` for all that are served.
    /// - Returns: What was compared and what differs, as a JSON text.
    /// - Throws: ``FeatureStoreError`` when a view is unknown, or a store cannot be read.
    func verify(views: [String]?) throws(FeatureStoreError) -> String

    /// Removes all rows of some entities.
    ///
    /// - Returns: The receipt, as a JSON text.
    func forgetSummary(_ request: ForgetRequest) throws(FeatureStoreError) -> String

    /// Removes what nothing uses any more, or with `isDryRun` only looks.
    ///
    /// - Returns: What there was, as a JSON text.
    func garbageSummary(isDryRun: Bool) throws(FeatureStoreError) -> String

    /// What is applied and loaded, as a JSON text.
    func statusSummary() throws(FeatureStoreError) -> String

    /// Takes a snapshot into a folder beside the store; called on a thread that may wait for disks.
    ///
    /// - Returns: Where it is and what it holds, as a JSON text.
    /// - Throws: Why there is none.
    func stagedSnapshot() throws(FeatureStoreError) -> String

    /// Writes a line of the audit log about a change that the token of ``Caller/current`` does not
    /// allow; called on a thread that may wait for disks.
    func auditRefusal(of action: AuditAction, _ denial: AccessDenial)

    /// What a caller is told of an error: one that comes over the network, nothing about folders.
    func message(of error: FeatureStoreError, for caller: Caller) -> String

    /// A text without the folders that the project lies in.
    func withoutFolders(_ text: String) -> String

    /// Takes up definitions that were applied since the last call; cheap when there are none.
    func refreshDefinitions() throws(FeatureStoreError)

    /// Whether the store can answer; called on an event loop.
    func health() -> Bool
}
