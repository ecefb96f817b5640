public import FeatureModel
import FeatureRegistry
import Glibc
import OfflineStores

extension FeatureStore {
    /// Less than so much free space is worth a warning: a load may need it for its files.
    private static let enoughBytes: UInt64 = 1 << 30
    /// An event so far in the future is more than a clock that is a little wrong, in microseconds.
    private static let maximumClockSkew: Int64 = 300_000_000

    /// Looks at everything that the project needs: folders, disk, registry, definitions, sources.
    ///
    /// Nothing is changed, and the online store is not opened.
    ///
    /// - Parameter files: The repository's definitions; `nil` when they could not be read.
    /// - Returns: One finding or more for each thing, in the order in which they depend on each
    ///   other.
    public func healthFindings(_ files: LoadedRepository?) -> [HealthFinding] {
        var findings = [
            self.diskFinding("registry", path: self.paths.registry),
            self.diskFinding("online store", path: self.paths.online),
        ]
        let applied: RegistrySnapshot
        do throws(FeatureStoreError) {
            applied = try self.appliedRegistry()
        } catch {
            findings.append(
                HealthFinding(subject: "registry", severity: .problem, message: error.message)
            )
            return findings
        }
        findings.append(Self.registryFinding(applied))
        findings += self.forgettingFindings()
        if let files {
            findings.append(self.definitionFinding(files))
        }
        for source in applied.repository.dataSources {
            findings += self.sourceFindings(source)
        }
        return findings
    }

    /// What the state of the loads says about each view: one finding or more for each.
    ///
    /// - Parameter status: What ``status()`` returned, or a server of this project.
    /// - Returns: The findings, view by view in the order of `status`.
    public func healthFindings(_ status: ProjectStatus) -> [HealthFinding] {
        status.featureViews.filter(\.online).map { view in
            let subject = "feature view \(view.name)"
            if let problem = view.problem {
                return HealthFinding(
                    subject: subject,
                    severity: .problem,
                    message: problem,
                    fix: "run `fstore materialize -v \(view.name)`"
                )
            }
            guard view.loaded else {
                return HealthFinding(
                    subject: subject,
                    severity: .warning,
                    message: "it is served online, and nothing was loaded yet",
                    fix: "run `fstore materialize -v \(view.name)`"
                )
            }
            if let newest = view.newestEventTime,
                newest.microseconds - status.now.microseconds > Self.maximumClockSkew
            {
                return HealthFinding(
                    subject: subject,
                    severity: .warning,
                    message: "its newest event is at \(newest), later than this machine's clock "
                        + "(\(status.now)): such rows are not served before their time",
                    fix: "set the clock, or mend the times of the source"
                )
            }
            let bad = view.bad ?? 0
            if bad > 0 {
                return HealthFinding(
                    subject: subject,
                    severity: .warning,
                    message: "the last load left out \(bad) bad rows",
                    fix: "run `fstore materialize -v \(view.name) --strict` to see the first ones"
                )
            }
            return HealthFinding(subject: subject, severity: .ok, message: "loaded")
        }
    }

    // MARK: Single checks

    private func diskFinding(_ subject: String, path: String) -> HealthFinding {
        var folder = path
        while !fileExists(folder), let slash = folder.lastIndex(of: "/"), slash > folder.startIndex
        {
            folder = String(folder[..<slash])
        }
        guard unsafe access(folder, W_OK) == 0 else {
            return HealthFinding(
                subject: subject,
                severity: .problem,
                message: "\(folder) cannot be written by this user",
                fix: "give this user the right to write there, or name another path in "
                    + "feature_store.yaml"
            )
        }
        var status = statvfs()
        guard unsafe statvfs(folder, &status) == 0 else {
            return HealthFinding(
                subject: subject,
                severity: .warning,
                message: "the free space of \(folder) is not known"
            )
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        let text = "\(free >> 20) MB are free at \(folder)"
        guard free >= Self.enoughBytes else {
            return HealthFinding(
                subject: subject,
                severity: .warning,
                message: text,
                fix: "make room: a load writes its rows beside the old ones before it replaces them"
            )
        }
        return HealthFinding(subject: subject, severity: .ok, message: text)
    }

    private static func registryFinding(_ applied: RegistrySnapshot) -> HealthFinding {
        guard applied.version > 0 else {
            return HealthFinding(
                subject: "registry",
                severity: .problem,
                message: "nothing was applied yet",
                fix: "run `fstore apply`"
            )
        }
        return HealthFinding(
            subject: "registry",
            severity: .ok,
            message: "version \(applied.version), project \(applied.project)"
        )
    }

    private func definitionFinding(_ files: LoadedRepository) -> HealthFinding {
        let subject = "definitions"
        let plan: RegistryPlan
        do throws(FeatureStoreError) {
            plan = try self.plan(files)
        } catch {
            return HealthFinding(
                subject: subject,
                severity: .problem,
                message: error.message,
                fix: "mend them; `fstore plan` shows the same"
            )
        }
        guard plan.isEmpty else {
            return HealthFinding(
                subject: subject,
                severity: .warning,
                message: "the files differ from what is applied in \(plan.changes.count) objects",
                fix: "run `fstore plan` to see them, and `fstore apply`"
            )
        }
        return HealthFinding(subject: subject, severity: .ok, message: "the files are applied")
    }

    private func sourceFindings(_ source: DataSource) -> [HealthFinding] {
        let subject = "data source \(source.name)"
        guard !source.isPush, source.requestSchema == nil else { return [] }
        do throws(OfflineStoreError) {
            let columns = try self.sources.columns(of: source)
            return [
                HealthFinding(
                    subject: subject,
                    severity: .ok,
                    message: "readable, \(countedNoun(columns.count, "column"))"
                )
            ]
        } catch {
            return [
                HealthFinding(
                    subject: subject,
                    severity: .problem,
                    message: error.message,
                    fix: "put the file back, or change the path of the source and apply"
                )
            ]
        }
    }
}
