import NativeStorage

extension FeatureStore {
    /// The bytes after which a new file of the audit log begins.
    static let maximumAuditBytes = 64 << 20

    /// Makes a change, and writes a line of the audit log about it, whether it succeeds or fails.
    ///
    /// The line is written after the change and before its result is known to anybody, so a change
    /// that was answered has its line. Who made it is ``Caller/current``.
    ///
    /// ```swift
    /// try self.audited(.forget, ["driver"]) { (details) throws(FeatureStoreError) in
    ///     let receipt = try self.removeRows(of: key)
    ///     details.count("rows", receipt.rows)
    ///     return receipt
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - action: What is done.
    ///   - objects: What is changed, by name.
    ///   - change: Makes the change, and says what is known of it only then.
    /// - Returns: What `change` returns.
    /// - Throws: What `change` throws; `unavailable`, before anything is changed, when the log
    ///   cannot be written.
    package func audited<Result>(
        _ action: AuditAction,
        _ objects: [String] = [],
        _ change: (inout AuditDetails) throws(FeatureStoreError) -> Result
    ) throws(FeatureStoreError) -> Result {
        var details = AuditDetails(objects: objects)
        guard let log = self.auditLog else { return try change(&details) }
        do {
            try log.check()
        } catch {
            throw FeatureStoreError(
                code: .unavailable,
                message: "nothing was changed, because the audit log \(error.message); mend that, "
                    + "or name another file with audit_log in feature_store.yaml",
                cause: error
            )
        }
        func write(_ failure: FeatureStoreError.Code?) {
            guard !details.isNothing else { return }
            let entry = AuditEntry(
                time: self.now(),
                project: self.configuration.project,
                action: action,
                caller: Caller.current,
                details: details,
                failure: failure
            )
            do {
                try log.append(entry.line)
            } catch {
                self.notes("the audit log lacks a line about \(action.rawValue): \(error.message)")
            }
        }
        let result: Result
        do {
            result = try change(&details)
        } catch {
            write(error.code)
            throw error
        }
        write(nil)
        return result
    }

    /// The file of the audit log; `nil` when there is none.
    public var auditLogPath: String? { self.paths.auditLog }

    private var auditLog: AppendedFile? {
        self.paths.auditLog.map { AppendedFile(path: $0, maximumBytes: Self.maximumAuditBytes) }
    }
}
