import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// Changed bytes in any file of a project: an error or the right answer, and never another one.
@Suite struct DamageTests {
    /// The project's files, from a process that has ended, and the answers after each push.
    private func damagedProject(
        _ directory: URL
    ) throws -> (home: URL, states: [String], names: [String]) {
        let home = directory.appendingPathComponent("a")
        var states: [String] = []
        do {
            let project = try BackupProject(home)
            states.append(try BackupProject.answers(project.store))
        }
        do {
            // What the first store wrote is in tables from this opening on, what comes now in a log.
            let store = self.store(in: home)
            try store.forget(ForgetRequest([.init(joinKey: "driver_id", id: 2)]))
            states.append(try BackupProject.answers(store))
            for number in 1...3 {
                try store.push(
                    "stats_push",
                    rows: BackupProject.rows([(Int64(number), 80, Int64(1000 + number))]),
                    to: .onlineAndOffline
                )
                states.append(try BackupProject.answers(store))
            }
        }
        var names: [String] = []
        for name in try FileManager.default.subpathsOfDirectory(atPath: home.path).sorted() {
            var isFolder: ObjCBool = false
            let path = home.appendingPathComponent(name).path
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            let size = FileManager.default.contents(atPath: path)?.count ?? 0
            if name.hasPrefix("data/"), !isFolder.boolValue, size > 0 { names.append(name) }
        }
        return (home, states, names)
    }

    private func store(in directory: URL) -> FeatureStore {
        FeatureStore(
            directory: directory.path,
            configuration: ProjectConfiguration(project: "drivers"),
            now: { BackupProject.now }
        )
    }

    private func answers(_ directory: URL) throws -> String {
        try BackupProject.answers(self.store(in: directory))
    }

    @Test("A changed byte in any file gives an error or the right answer")
    func changedBytes() throws {
        try withTemporaryDirectory { directory in
            let (home, states, names) = try self.damagedProject(directory)
            let right = try #require(states.last)
            for wanted in [
                "registry.db", "pushed.db", ".sst", "MANIFEST", "manifest.json", "forgotten.jsonl",
                "forget.key",
            ] {
                #expect(names.contains { $0.contains(wanted) }, "\(wanted) of \(names)")
            }
            var generator = SeededGenerator(seed: 21)
            let copy = directory.appendingPathComponent("b")
            var errors = 0
            for name in names {
                for _ in 0..<(name.hasSuffix(".db") ? 12 : 6) {
                    try? FileManager.default.removeItem(at: copy)
                    try FileManager.default.copyItem(at: home, to: copy)
                    let path = copy.appendingPathComponent(name)
                    var bytes = try Data(contentsOf: path)
                    let place = Int.random(in: bytes.indices, using: &generator)
                    bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
                    try bytes.write(to: path)
                    do {
                        let found = try self.answers(copy)
                        // The end of a log whose last record looks cut off is the state before it.
                        let isLog = name.hasSuffix(".log") || name.contains("MANIFEST")
                        let isRight = found == right || isLog && states.contains(found)
                        #expect(isRight, "\(name) at \(place)")
                    } catch {
                        errors += 1
                        #expect(error is FeatureStoreError, "\(name) at \(place): \(error)")
                    }
                }
            }
            #expect(errors > 20)
        }
    }
}
