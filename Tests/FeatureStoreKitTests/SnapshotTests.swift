import FeatureModel
import FeatureStoreKit
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// What threads that push have done.
private final class Pushing: Sendable {
    let isDone = Atomic<Bool>(false)
    let counts = Mutex([Int64](repeating: 0, count: 3))
}

/// Snapshots: taken, proved, read, restored.
@Suite struct SnapshotTests {
    private let files = FileManager.default

    private func copySources(of project: BackupProject, to directory: URL) throws {
        try self.files.createDirectory(at: directory, withIntermediateDirectories: true)
        try self.files.copyItem(
            at: project.project.directory.appendingPathComponent("stats.csv"),
            to: directory.appendingPathComponent("stats.csv")
        )
    }

    /// All files below a folder with their bytes.
    private func contents(_ folder: String) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try self.files.subpathsOfDirectory(atPath: folder) {
            contents[name] = self.files.contents(atPath: "\(folder)/\(name)") ?? Data()
        }
        return contents
    }

    @Test("A snapshot that is restored elsewhere answers as the project did, letter for letter")
    func restoresElsewhere() throws {
        try withTemporaryDirectory { directory in
            let project = try BackupProject(directory.appendingPathComponent("a"))
            let before = try BackupProject.answers(project.store)
            let snapshot = directory.appendingPathComponent("snapshot").path
            let manifest = try project.store.stageSnapshot()
                .publish(to: snapshot, program: "1.2.3")
            #expect(manifest.registryVersion == 2)
            #expect(manifest.loads.map(\.view) == ["stats"])
            #expect(manifest.files.map(\.name).contains("saved_datasets/kept/manifest.json"))
            try project.push(driver: 1, trips: 999)

            let report = SnapshotReport(ofSnapshotAt: snapshot)
            #expect(report.problems == [])
            #expect(report.onlineRows == 21 && report.pushes == 2 && report.pushedRows == 4)
            #expect(report.savedDatasets == 1)

            let other = directory.appendingPathComponent("b")
            try self.copySources(of: project, to: other)
            let restored = project.store(in: other)
            try restored.restore(from: snapshot)
            #expect(try BackupProject.answers(restored) == before)
            #expect(try restored.verify().isEqual)
            // What waited is served when its time comes, and the same push is known again.
            project.project.clock.now = second(600)
            try restored.refresh()
            let due = try restored.onlineFeatures(
                .features(["stats:trips"]),
                entities: ["driver_id": [22]]
            )
            #expect(due.features[0].values.values == [300])
            // Nothing in it says where it was taken.
            let path = Data(directory.appendingPathComponent("a").path.utf8)
            for (name, bytes) in try self.contents(snapshot) {
                #expect(bytes.firstRange(of: path) == nil, "\(name)")
            }
        }
    }

    @Test("A snapshot is read as it lies there, and nothing is written into it")
    func readsInPlace() throws {
        try withTemporaryDirectory { directory in
            let project = try BackupProject(directory.appendingPathComponent("a"))
            let before = try BackupProject.answers(project.store)
            let snapshot = directory.appendingPathComponent("snapshot").path
            try project.store.stageSnapshot().publish(to: snapshot, program: "1")
            let bytes = try self.contents(snapshot)
            try project.push(driver: 1, trips: 999)
            do {
                let reader = try FeatureStore(
                    snapshot: snapshot,
                    directory: project.project.directory.path
                )
                try reader.openOnlineStore(address: "http://127.0.0.1:1")
                #expect(try BackupProject.answers(reader) == before)
                #expect(try reader.refresh() == false)
                let rows = try BackupProject.rows([(1, 1, 1)])
                let errors = [
                    failure { try reader.push("stats_push", rows: rows) },
                    failure { try reader.materialize() },
                    failure { try reader.apply(reader.plan(project.project.files)) },
                    failure { try reader.teardown() },
                    failure { try reader.clearRejects() },
                    failure { try reader.deleteSavedDataset("kept") },
                    failure { try reader.restore(from: snapshot) },
                    failure { try reader.stageSnapshot() },
                ]
                for error in errors {
                    #expect(error?.code == .readOnly)
                    #expect(error?.message.contains(snapshot) == true)
                }
            }
            #expect(try self.contents(snapshot) == bytes)
        }
    }

    @Test("A push to both stores is in both after a restore, or in none, whenever it was taken")
    func pushesAreWhole() throws {
        try withTemporaryDirectory { directory in
            let project = try BackupProject(directory.appendingPathComponent("a"))
            let pushing = Pushing()
            let threads = DispatchGroup()
            for thread in 0..<3 {
                threads.enter()
                Thread.detachNewThread {
                    defer { threads.leave() }
                    var number: Int64 = 0
                    while !pushing.isDone.load(ordering: .relaxed) {
                        let driver = Int64(1000 * (thread + 1)) + number
                        do {
                            try project.push(driver: driver, trips: number)
                        } catch {
                            Issue.record("\(error)")
                            return
                        }
                        number += 1
                        pushing.counts.withLock { $0[thread] = number }
                    }
                }
            }
            var taken: [(path: String, before: [Int64], after: [Int64])] = []
            for number in 0..<4 {
                let target = pushing.counts.withLock { $0.reduce(0, +) } + 5
                while pushing.counts.withLock({ $0.reduce(0, +) }) < target { usleep(500) }
                let path = directory.appendingPathComponent("snapshot\(number)").path
                let before = pushing.counts.withLock { $0 }
                let staged = try project.store.stageSnapshot()
                let after = pushing.counts.withLock { $0 }
                try staged.publish(to: path, program: "1")
                taken.append((path, before, after))
            }
            pushing.isDone.store(true, ordering: .relaxed)
            threads.wait()
            for (path, before, after) in taken {
                #expect(SnapshotReport(ofSnapshotAt: path).problems == [])
                let store = try FeatureStore(
                    snapshot: path,
                    directory: project.project.directory.path
                )
                let history = try BackupProject.history(store)
                for thread in 0..<3 {
                    let count = after[thread] + 2
                    let drivers = (0..<count).map { Int64(1000 * (thread + 1)) + $0 }
                    let online = try store.onlineFeatures(
                        .features(["stats:trips"]),
                        entities: ["driver_id": drivers.map { .integer($0) }]
                    ).features[0].statuses
                    for (number, driver) in drivers.enumerated() {
                        let isOnline = online[number] == .present
                        #expect(isOnline == history.contains("\n\(driver),"), "\(path) \(driver)")
                        if number < before[thread] { #expect(isOnline, "an answered push is lost") }
                        // One may be under way while it is counted.
                        if number > after[thread] { #expect(!isOnline, "a push from later") }
                    }
                }
            }
        }
    }

    @Test("A folder with something in it is not written to, and an empty one becomes the snapshot")
    func targets() throws {
        try withTemporaryDirectory { directory in
            let project = try BackupProject(directory.appendingPathComponent("a"))
            let taken = directory.appendingPathComponent("taken")
            try self.files.createDirectory(at: taken, withIntermediateDirectories: true)
            try Data("x".utf8).write(to: taken.appendingPathComponent("x"))
            let error = failure {
                try project.store.stageSnapshot().publish(to: taken.path, program: "1")
            }
            #expect(error?.code == .invalidArgument)
            #expect(try self.files.contentsOfDirectory(atPath: taken.path) == ["x"])
            let empty = directory.appendingPathComponent("empty")
            try self.files.createDirectory(at: empty, withIntermediateDirectories: true)
            try project.store.stageSnapshot().publish(to: empty.path + "/", program: "1")
            #expect(SnapshotReport(ofSnapshotAt: empty.path).isWhole)
            // Nothing is left beside the store, or beside the snapshots.
            let left = try self.files.contentsOfDirectory(atPath: directory.path).sorted()
            #expect(left == ["a", "empty", "taken"])
            let data = directory.appendingPathComponent("a/data").path
            #expect(try !self.files.contentsOfDirectory(atPath: data).contains(".online.snapshot"))
        }
    }

    @Test("Every changed byte, missing file and additional file of a snapshot is found")
    func damageIsFound() throws {
        try withTemporaryDirectory { directory in
            let project = try BackupProject(directory.appendingPathComponent("a"))
            let snapshot = directory.appendingPathComponent("snapshot").path
            try project.store.stageSnapshot().publish(to: snapshot, program: "1")
            var generator = SeededGenerator(seed: 11)
            let names = try self.contents(snapshot).keys.sorted()
            var flips = 0
            for name in names {
                let path = "\(snapshot)/\(name)"
                var isFolder: ObjCBool = false
                _ = self.files.fileExists(atPath: path, isDirectory: &isFolder)
                guard !isFolder.boolValue else { continue }
                let whole = try Data(contentsOf: URL(fileURLWithPath: path))
                for _ in 0..<3 where !whole.isEmpty {
                    var damaged = whole
                    let index = Int.random(in: damaged.indices, using: &generator)
                    damaged[index] ^= 1 << UInt8.random(in: 0...7, using: &generator)
                    try damaged.write(to: URL(fileURLWithPath: path))
                    let report = SnapshotReport(ofSnapshotAt: snapshot)
                    #expect(!report.isWhole, "\(name) at \(index)")
                    flips += 1
                }
                try self.files.removeItem(atPath: path)
                #expect(!SnapshotReport(ofSnapshotAt: snapshot).isWhole, "without \(name)")
                let restored = project.store(in: directory.appendingPathComponent("b"))
                #expect(failure { try restored.restore(from: snapshot) } != nil)
                try whole.write(to: URL(fileURLWithPath: path))
            }
            #expect(flips > 20)
            #expect(SnapshotReport(ofSnapshotAt: snapshot).problems == [])
            try Data().write(to: URL(fileURLWithPath: snapshot + "/online/999999.sst"))
            let report = SnapshotReport(ofSnapshotAt: snapshot)
            #expect(report.problems.first?.contains("does not belong") == true)
        }
    }

    @Test("A restore refuses another project, files that are there, and a store that is open")
    func restoreRefuses() throws {
        try withTemporaryDirectory { directory in
            let project = try BackupProject(directory.appendingPathComponent("a"))
            let before = try BackupProject.answers(project.store)
            let snapshot = directory.appendingPathComponent("snapshot").path
            try project.store.stageSnapshot().publish(to: snapshot, program: "1")
            let stranger = FeatureStore(
                directory: directory.appendingPathComponent("b").path,
                configuration: ProjectConfiguration(project: "others")
            )
            try self.refuses(stranger, snapshot, .invalidArgument, "of the project \"drivers\"")
            let second = project.project.anotherStore()
            try self.refuses(second, snapshot, replacing: true, .conflict, "\(getpid())")
            #expect(try BackupProject.answers(project.store) == before)

            let other = directory.appendingPathComponent("c")
            try self.copySources(of: project, to: other)
            try project.store(in: other).restore(from: snapshot)
            let third = project.store(in: other)
            try self.refuses(third, snapshot, .invalidArgument, "--replace")
        }
    }

    private func refuses(
        _ store: FeatureStore,
        _ snapshot: String,
        replacing: Bool = false,
        _ code: FeatureStoreError.Code,
        _ words: String
    ) throws {
        do {
            try store.restore(from: snapshot, replacing: replacing)
            Issue.record("restored, though \(words)")
        } catch {
            #expect(error.code == code, "\(error)")
            #expect(error.message.contains(words), "\(error)")
        }
    }

    @Test("A restore that replaces leaves nothing of what was there")
    func replaces() throws {
        try withTemporaryDirectory { directory in
            let home = directory.appendingPathComponent("a")
            let snapshot = directory.appendingPathComponent("snapshot").path
            var before = ""
            do {
                let project = try BackupProject(home)
                before = try BackupProject.answers(project.store)
                try project.store.stageSnapshot().publish(to: snapshot, program: "1")
                try project.push(driver: 5, trips: 12345)
                try project.store.saveDataset(
                    "later",
                    .service("rides"),
                    entities: .keys(to: BackupProject.now)
                )
                #expect(try BackupProject.answers(project.store) != before)
            }
            let clock = TestClock(BackupProject.now)
            func reopened() -> FeatureStore {
                FeatureStore(
                    directory: home.path,
                    configuration: ProjectConfiguration(project: "drivers"),
                    now: { clock.now }
                )
            }
            try reopened().restore(from: snapshot, replacing: true)
            #expect(try BackupProject.answers(reopened()) == before)
            let left = try self.files.subpathsOfDirectory(atPath: home.path)
            #expect(!left.contains { $0.contains(".restor") || $0.contains(".replaced") })
        }
    }
}
