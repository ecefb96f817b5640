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
        let result: Result
        do {
            result = try change(&details)
        } catch {
            if !details.isNothing { self.write(.failed(error.code), action, details, to: log) }
            throw error
        }
        if !details.isNothing { self.write(.done, action, details, to: log) }
        return result
    }

    /// Writes a line about a change that the token of ``Caller/current`` does not allow.
    ///
    /// - Parameters:
    ///   - action: What was asked for.
    ///   - denial: Why it was refused.
    public func auditRefusal(of action: AuditAction, _ denial: AccessDenial) {
        guard let log = self.auditLog else { return }
        let views = self.namesForAudit(denial.views) { $0.hasView($1) }
        self.write(.refused(denial.kind), action, AuditDetails(objects: views), to: log)
    }

    /// Names from a request as the audit log has them: what the definitions do not know may be
    /// anything, and is `unknown`.
    ///
    /// - Parameters:
    ///   - names: The names; each is told once.
    ///   - isKnown: Whether the definitions know a name.
    /// - Returns: The names in their order.
    func namesForAudit(
        _ names: [String],
        where isKnown: (DefinitionSnapshot, String) -> Bool
    ) -> [String] {
        guard !names.isEmpty else { return [] }
        let definitions = try? self.snapshot()
        var told: Set<String> = []
        return names.map { name in
            definitions.map { isKnown($0, name) } ?? false ? name : "unknown"
        }.filter { told.insert($0).inserted }
    }

    private func write(
        _ result: AuditResult,
        _ action: AuditAction,
        _ details: AuditDetails,
        to log: AppendedFile
    ) {
        let entry = AuditEntry(
            time: self.now(),
            project: self.configuration.project,
            action: action,
            caller: Caller.current,
            details: details,
            result: result
        )
        do {
            try log.append(entry.line)
        } catch {
            self.notes("the audit log lacks a line about \(action.rawValue): \(error.message)")
        }
    }

    /// The file of the audit log; `nil` when there is none.
    public var auditLogPath: String? { self.paths.auditLog }

    private var auditLog: AppendedFile? {
        self.paths.auditLog.map { AppendedFile(path: $0, maximumBytes: Self.maximumAuditBytes) }
    }
}
