import FeatureModel
import FeatureRegistry
import Glibc
import NativeStorage
import OfflineStores
import OnlineStores

extension FeatureStore {
    /// What a clock may differ, in seconds.
    private static let maximumClockSkew = 300

    /// Looks at the project's own files: whether they are what was written and by whom, their
    /// times and modes, and what was left behind.
    ///
    /// Nothing is changed, and whoever has the online store open is not disturbed.
    ///
    /// - Parameter isQuick: Whether to leave out what reads every page and row.
    /// - Returns: The findings; of what is well, one for each kind of file.
    /// - Complexity: Reads all files, unless it is quick.
    public func fileHealthFindings(isQuick: Bool = false) -> [HealthFinding] {
        self.clockFindings() + self.versionFindings() + self.spaceFindings()
            + (isQuick ? [] : self.contentFindings()) + self.modeFindings()
            + self.leftoverFindings() + self.cacheFindings()
    }

    /// The databases of SQLite that are there, with what they are called.
    private var databases: [(subject: String, path: String)] {
        [
            (subject: "registry", path: self.paths.registry),
            (subject: "push log", path: self.paths.pushLog),
        ]
        .filter { fileExists($0.path) }
    }

    // MARK: Times

    private func clockFindings() -> [HealthFinding] {
        let now = self.now()
        let latest = now.microseconds + Int64(Self.maximumClockSkew) * 1_000_000
        let online = fileNames(in: self.paths.online).map { "\(self.paths.online)/\($0)" }
        var times: [(what: String, time: Int64)] = []
        for path in self.databases.map({ $0.path }) + online {
            if let stamp = FileStamp(path: path) { times.append((path, stamp.modified / 1000)) }
        }
        if let applied = try? self.registry.currentState().appliedAt {
            times.append(("the newest version of the registry", applied.microseconds))
        }
        if let push = try? self.readPushLog()?.summary().lastPush {
            times.append(("the last push", push.microseconds))
        }
        guard let newest = times.max(by: { $0.time < $1.time }), newest.time > latest else {
            return []
        }
        return [
            HealthFinding(
                subject: "clock",
                severity: .warning,
                message: "\(newest.what) is of \(Timestamp(microseconds: newest.time)), later than "
                    + "this machine's clock (\(now)): either was wrong",
                fix: "set the clock; ages, ttls and the order of pushes go by it"
            )
        ]
    }

    /// The push log to read; `nil` when there is none.
    private func readPushLog() throws(OfflineStoreError) -> PushLog? {
        guard fileExists(self.paths.pushLog) else { return nil }
        return try PushLog(reading: self.paths.pushLog, project: self.configuration.project)
    }

    // MARK: Versions

    private func versionFindings() -> [HealthFinding] {
        var findings: [HealthFinding] = []
        let fix = "install the release that wrote them, or a later one"
        for (subject, path) in self.databases {
            let library = SQLiteDatabase.libraryVersion
            guard let database = try? SQLiteDatabase(path: path, mode: .readOnly),
                let version = database.writerVersion(), version > library
            else { continue }
            findings.append(
                HealthFinding(
                    subject: subject,
                    severity: .warning,
                    message: "\(path) was written by SQLite \(sqliteRelease(version)), and this "
                        + "program runs with \(sqliteRelease(library))",
                    fix: fix
                )
            )
        }
        if let version = StorageVersions.rocksDB(ofDatabaseAt: self.paths.online),
            let library = StorageVersions.rocksDBLibrary(), isLater(version, than: library)
        {
            findings.append(
                HealthFinding(
                    subject: "online store",
                    severity: .warning,
                    message: "\(self.paths.online) was written by RocksDB \(version), and this "
                        + "program runs with \(library)",
                    fix: fix
                )
            )
        }
        return findings
    }

    // MARK: Space

    private func spaceFindings() -> [HealthFinding] {
        let size = fileNames(in: self.paths.online).reduce(0) { sum, name in
            sum + (FileStamp(path: "\(self.paths.online)/\(name)")?.size ?? 0)
        }
        guard size > 0, let free = freeBytes(in: self.paths.online), free < size else { return [] }
        return [
            HealthFinding(
                subject: "online store",
                severity: .warning,
                message: "its files have \(SizeText.text(bytes: size)), and its disk has "
                    + "\(SizeText.text(bytes: free)) left: a load that replaces all rows needs as "
                    + "much again",
                fix: "make room before the next load"
            )
        ]
    }

    // MARK: Contents

    private func contentFindings() -> [HealthFinding] {
        var findings: [HealthFinding] = []
        func add(_ subject: String, _ problems: [String], whole: String) {
            let mend = "restore a snapshot (`fstore restore SNAPSHOT --replace`)"
            findings += problems.map {
                HealthFinding(subject: subject, severity: .problem, message: $0, fix: mend)
            }
            guard problems.isEmpty else { return }
            findings.append(HealthFinding(subject: subject, severity: .ok, message: whole))
        }
        if fileExists(self.paths.registry) {
            add("registry", self.registry.problems(), whole: "every page and version can be read")
        }
        do throws(OfflineStoreError) {
            if let check = try self.readPushLog()?.check() {
                let rows = countedNoun(check.rows, "row")
                add("push log", check.problems, whole: "every page and \(rows) can be read")
            }
        } catch {
            add("push log", [error.message], whole: "")
        }
        guard fileExists(self.paths.online) else { return findings }
        do throws(OnlineStoreError) {
            let check = try self.openedForReading().checkRows()
            let problem = check.firstProblem.map {
                "\(countedNoun(check.damaged, "row")) cannot be used: \($0.message)"
            }
            let rows = countedNoun(check.rows, "row")
            add("online store", [problem].compactMap(\.self), whole: "\(rows), all whole")
        } catch {
            add("online store", [error.message], whole: "")
        }
        return findings
    }

    /// The online store beside whoever has it open.
    ///
    /// A file that the owner replaces at this moment may be missing, and another one is there then.
    private func openedForReading() throws(OnlineStoreError) -> RocksDBOnlineStore {
        var attempt = 1
        while true {
            do throws(OnlineStoreError) {
                return try RocksDBOnlineStore(
                    reading: self.paths.online,
                    project: self.configuration.project,
                    cacheBytes: 8 << 20
                )
            } catch {
                guard error.code == .unavailable, attempt < 3 else { throw error }
                attempt += 1
                usleep(50_000)
            }
        }
    }

    // MARK: Modes

    private func modeFindings() -> [HealthFinding] {
        let folder = FileTree.parent(of: self.paths.registry)
        let secrets = [
            ("server", self.commandSocketPath), ("tokens", "\(folder)/tokens.json"),
        ]
        return secrets.compactMap { (subject, path) -> HealthFinding? in
            var status = stat()
            guard unsafe lstat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return nil }
            return HealthFinding(
                subject: subject,
                severity: .problem,
                message: "\(path) is open to other users of this machine (mode "
                    + "\(String(status.st_mode & 0o777, radix: 8)))",
                fix: "run `chmod 600 \(path)`"
            )
        }
    }

    // MARK: What was left behind

    private func leftoverFindings() -> [HealthFinding] {
        var findings: [HealthFinding] = []
        func add(_ subject: String, _ message: String, _ fix: String) {
            findings.append(
                HealthFinding(subject: subject, severity: .warning, message: message, fix: fix)
            )
        }
        let owner = self.onlineStoreOwner()
        if owner == nil, FileTree.exists(self.commandSocketPath) {
            add(
                "server",
                "the socket \(self.commandSocketPath) is left of a server that was killed",
                "none is needed: the next `fstore serve` replaces it"
            )
        }
        let loads = fileNames(in: self.paths.online + ".load")
        if owner == nil, !loads.isEmpty {
            add(
                "online store",
                "\(countedNoun(loads.count, "file")) in \(self.paths.online).load are left of a "
                    + "load that was killed; nothing of it is visible",
                "none is needed: the next command that opens the store removes them"
            )
        }
        let snapshots = fileNames(in: self.paths.snapshotArea)
        if !snapshots.isEmpty {
            add(
                "snapshots",
                "\(countedNoun(snapshots.count, "snapshot")) in \(self.paths.snapshotArea) are "
                    + "being taken, or were never fetched",
                "none is needed: the next snapshot, gc or server removes those that nobody fetches "
                    + "within a minute"
            )
        }
        if fileExists(self.paths.restoreJournal) {
            add(
                "restore",
                "a restore was interrupted after its files were whole",
                "none is needed: the next command that uses the project completes it"
            )
        }
        let halves = RestoredFiles(self.paths).leftovers
        if !halves.isEmpty, !fileExists(self.paths.restoreJournal) {
            add(
                "restore",
                "\(halves.joined(separator: ", ")) are left of a restore that was interrupted; the "
                    + "project's files are as they were before it, or all in place",
                "none is needed: the next command that opens the online store removes them"
            )
        }
        return findings
    }

    private func cacheFindings() -> [HealthFinding] {
        (self.sources.cache?.expired() ?? []).map { cache in
            HealthFinding(
                subject: "source cache",
                severity: cache.isUseless ? .warning : .ok,
                message: "\(cache.path) (\(SizeText.text(bytes: cache.bytes))): \(cache.reason)",
                fix: cache.isUseless ? "remove the file" : nil
            )
        }
    }
}

/// `3.40.1`, for 3040001.
private func sqliteRelease(_ version: Int) -> String {
    "\(version / 1_000_000).\(version / 1000 % 1000).\(version % 1000)"
}

/// Whether a release such as `7.10.1` is later than another, number by number.
private func isLater(_ release: String, than other: String) -> Bool {
    let numbers = [release, other].map { $0.split(separator: ".").map { Int($0) ?? 0 } }
    return numbers[1].lexicographicallyPrecedes(numbers[0])
}
