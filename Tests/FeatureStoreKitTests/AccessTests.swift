import FeatureModel
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import FeatureStoreKit

@Suite struct AccessTests {
    private func withFile(_ body: (TokenFile) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            try body(TokenFile(path: directory.path + "/data/tokens.json"))
        }
    }

    private func find(
        _ secret: String,
        in control: AccessControl,
        at time: Timestamp = .now()
    ) -> TokenSet.Finding {
        control.find(Array(secret.utf8).span, now: time)
    }

    private func grant(_ finding: TokenSet.Finding) -> AccessGrant? {
        guard case .granted(let grant) = finding else { return nil }
        return grant
    }

    // MARK: The file

    @Test func `A token is nowhere but in the hand that got it`() throws {
        try self.withFile { file in
            let first = try file.create("a", scopes: [.read])
            let second = try file.create("b", scopes: [.push, .read], views: ["driver_*"])
            #expect(first.hasPrefix("fst_"))
            #expect(first.utf8.count == 47)
            #expect(first != second)
            let text = try String(contentsOfFile: file.path, encoding: .utf8)
            #expect(!text.contains(first.dropFirst(4)))
            #expect(!text.contains(second.dropFirst(4)))
            var status = stat()
            #expect(stat(file.path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(try file.tokens().map(\.name) == ["a", "b"])
            #expect(try file.tokens()[1].views == ["driver_*"])
        }
    }

    @Test func `Wrong uses say what to do`() throws {
        try self.withFile { file in
            _ = try file.create("a", scopes: [.read])
            let taken = failure { try file.create("a", scopes: [.read]) }
            #expect(taken?.message.contains("rotate or revoke") == true)
            for name in ["", "a b", "ä", "../a", String(repeating: "a", count: 65)] {
                #expect(failure { try file.create(name, scopes: [.read]) } != nil, "\(name)")
            }
            #expect(failure { try file.create("b", scopes: []) } != nil)
            #expect(failure { try file.create("b", scopes: [.read], expires: .epoch) } != nil)
            #expect(failure { try file.revoke("c") }?.code == .objectNotFound)
            #expect(failure { try file.rotate("c") }?.code == .objectNotFound)
            #expect(try file.tokens().map(\.name) == ["a"])
        }
    }

    @Test func `Tokens that many threads make are all there`() throws {
        try self.withFile { file in
            let failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 12) { number in
                do {
                    _ = try file.create("t\(number)", scopes: [.read])
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
            #expect(failures.withLock { $0 } == [])
            let names = try file.tokens().map(\.name)
            #expect(Set(names).count == 12)
        }
    }

    @Test func `Others may not write to the file`() throws {
        try self.withFile { file in
            _ = try file.create("a", scopes: [.read])
            chmod(file.path, 0o620)
            #expect(failure { try file.tokens() }?.message.contains("chmod 600") == true)
        }
    }

    @Test(arguments: UInt64(0)..<8)
    func `A damaged file is an error, never a crash`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        try self.withFile { file in
            _ = try file.create("a", scopes: [.read], views: ["x"], expires: .latest)
            _ = try file.rotate("a", graceMicroseconds: 1_000_000)
            let good = Array(try Data(contentsOf: URL(fileURLWithPath: file.path)))
            #expect(try file.tokens(in: good).count == 1)
            for _ in 0..<400 {
                var bytes = good
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    guard !bytes.isEmpty else { break }
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes.remove(at: place)
                    case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 2: bytes.insert(contentsOf: bytes[place...].prefix(30), at: place)
                    default: bytes.removeSubrange(place...)
                    }
                }
                // Either it reads as tokens that are whole, or it is told what is wrong with it.
                do {
                    for token in try file.tokens(in: bytes) {
                        #expect(!token.scopes.isEmpty && token.hash.utf8.count == 64)
                    }
                } catch {
                    let error = try #require(error as? FeatureStoreError)
                    #expect(error.code == .corruptData)
                    #expect(error.message.contains(file.path))
                }
            }
            let deep = Array(String(repeating: "[", count: 100_000).utf8)
            #expect(failure { try file.tokens(in: deep) }?.code == .corruptData)
        }
    }

    // MARK: In force

    @Test func `Tokens are in force from the first one on, and never again out of it`() throws {
        try self.withFile { file in
            let control = try AccessControl(file, mustExist: false)
            #expect(!control.isInForce)
            #expect(failure { try AccessControl(file, mustExist: true) } != nil)
            let secret = try file.create("a", scopes: [.read])
            try control.refresh()
            #expect(control.isInForce)
            #expect(self.grant(self.find(secret, in: control))?.name == "a")

            // A damaged file, one that is gone, one that others may write to.
            let good = try Data(contentsOf: URL(fileURLWithPath: file.path))
            let url = URL(fileURLWithPath: file.path)
            try Data("{".utf8).write(to: url)
            chmod(file.path, 0o600)
            #expect(failure { try control.refresh() } != nil)
            #expect(failure { try control.refresh() } != nil)
            #expect(self.grant(self.find(secret, in: control)) != nil)
            try FileManager.default.removeItem(at: url)
            #expect(failure { try control.refresh() } != nil)
            #expect(control.isInForce)
            #expect(self.grant(self.find(secret, in: control)) != nil)

            try good.write(to: url)
            chmod(file.path, 0o600)
            try control.refresh()
            try file.revoke("a")
            try control.refresh()
            #expect(control.isInForce)
            guard case .unknown = self.find(secret, in: control) else {
                Issue.record("a revoked token is known")
                return
            }
        }
    }

    @Test func `A first file that cannot be read lets nobody in`() throws {
        try self.withFile { file in
            let control = try AccessControl(file, mustExist: false)
            let secret = try file.create("a", scopes: [.read])
            chmod(file.path, 0o666)
            #expect(failure { try control.refresh() } != nil)
            #expect(control.isInForce)
            #expect(self.grant(self.find(secret, in: control)) == nil)
            chmod(file.path, 0o600)
            try control.refresh()
            #expect(self.grant(self.find(secret, in: control)) != nil)
        }
    }

    @Test func `A rotated token ends at once, or when its grace is over`() throws {
        try self.withFile { file in
            let now = Timestamp.now()
            let first = try file.create("a", scopes: [.push], views: ["x"])
            let control = try AccessControl(file, mustExist: true)
            let second = try file.rotate("a", graceMicroseconds: 60_000_000, now: now)
            try control.refresh()
            #expect(self.grant(self.find(second, in: control))?.covers(view: "x") == true)
            #expect(self.grant(self.find(first, in: control, at: now)) != nil)
            let later = Timestamp(microseconds: now.microseconds + 60_000_000)
            guard case .expired = self.find(first, in: control, at: later) else {
                Issue.record("the grace has no end")
                return
            }
            #expect(self.grant(self.find(second, in: control, at: later)) != nil)
            let third = try file.rotate("a")
            try control.refresh()
            #expect(self.grant(self.find(second, in: control)) == nil)
            #expect(self.grant(self.find(third, in: control)) != nil)
        }
    }

    @Test func `A connection's token is hashed once, and judged anew when anything changes`() throws
    {
        try self.withFile { file in
            let end = Timestamp(microseconds: Timestamp.now().microseconds + 60_000_000)
            let secret = try file.create("a", scopes: [.read], expires: end)
            let control = try AccessControl(file, mustExist: true)
            var memory = AccessMemory(control)
            func judge(_ header: String?, at time: Timestamp = .now()) -> String {
                let bytes = Array((header ?? "").utf8)
                let range = header == nil ? nil : bytes.indices
                switch memory.judge(range, in: bytes.span, now: { time }) {
                case .everything: return "everything"
                case .granted(let grant): return grant.name
                case .missing: return "missing"
                case .refused(let reason): return reason
                }
            }
            #expect(judge(nil) == "missing")
            for header in ["Bearer \(secret)", "bearer  \(secret) ", "BEARER \(secret)"] {
                #expect(judge(header) == "a")
                #expect(judge(header) == "a")
            }
            #expect(judge("Bearer \(secret)", at: end).contains("has expired"))
            #expect(judge("Bearer \(secret)") == "a")
            #expect(judge("Bearer \(secret.dropLast())").contains("not known"))
            #expect(judge("Bearer \(secret)x").contains("not known"))
            for wrong in ["", "Bearer", "Bearer ", "Bearer   ", "Basic \(secret)", secret] {
                #expect(judge(wrong).contains("another form"), "\(wrong)")
            }
            let long = "Bearer " + String(repeating: "x", count: 100_000)
            #expect(judge(long).contains("another form"))
            #expect(judge("Bearer \(secret)") == "a")
            try file.revoke("a")
            try control.refresh()
            #expect(judge("Bearer \(secret)").contains("not known"))
            var trusted = AccessMemory(nil)
            let nothing: [UInt8] = []
            guard case .everything = trusted.judge(nil, in: nothing.span) else {
                Issue.record("a trusted connection needs a token")
                return
            }
        }
    }

    // MARK: Comparing

    @Test func `A comparison in constant time says what == says`() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...40, using: &random)
            let left = (0..<count).map { _ in UInt8.random(in: 0...2, using: &random) }
            var right = left
            if Bool.random(using: &random), count > 0 {
                right[Int.random(in: 0..<count, using: &random)] ^= 1 << UInt8(count % 8)
            }
            if count % 5 == 0 { right.append(0) }
            let isSame = constantTimeEqual(left.span, right.span)
            let isItself = constantTimeEqual(left.span, left.span)
            #expect(isSame == (left == right))
            #expect(isItself)
        }
    }

    @Test func `Patterns match what a naive matcher matches`() {
        func naive(_ pattern: Substring, _ name: Substring) -> Bool {
            guard let first = pattern.first else { return name.isEmpty }
            if first == "*" {
                return naive(pattern.dropFirst(), name)
                    || !name.isEmpty && naive(pattern, name.dropFirst())
            }
            return name.first == first && naive(pattern.dropFirst(), name.dropFirst())
        }
        var random = SeededGenerator(seed: 6)
        var matches = 0
        for _ in 0..<5_000 {
            let pattern = String(
                (0..<Int.random(in: 0...6, using: &random)).map { _ in
                    "ab**".randomElement(using: &random) ?? "a"
                }
            )
            let name = String(
                (0..<Int.random(in: 0...7, using: &random)).map { _ in
                    "ab".randomElement(using: &random) ?? "a"
                }
            )
            let expected = naive(pattern[...], name[...])
            matches += expected ? 1 : 0
            #expect(NamePattern(pattern).matches(name) == expected, "\(pattern) \(name)")
        }
        #expect(matches > 500)
        let slow = String(repeating: "*a", count: 50) + "b"
        #expect(!NamePattern(slow).matches(String(repeating: "a", count: 5_000)))
    }

    // MARK: Views

    @Test func `A service is all its views, and an on-demand view those it is computed from`()
        throws
    {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            var other = project.repository.featureViews[0]
            other.name = "other"
            project.repository.featureViews.append(other)
            project.repository.dataSources += [
                DataSource(name: "stats_push", kind: .push(.init(batchSource: "stats_source"))),
                DataSource(
                    name: "given",
                    kind: .request(.init(schema: [Field(name: "x", type: .int64)]))
                ),
            ]
            project.repository.onDemandFeatureViews = [
                OnDemandFeatureView(
                    name: "computed",
                    sources: ["stats", "given"],
                    features: [
                        OnDemandFeature(
                            name: "sum",
                            type: .int64,
                            transformation: .expression("trips + x")
                        )
                    ]
                )
            ]
            project.repository.featureServices = [
                FeatureService(
                    name: "service",
                    features: [.init(view: "other"), .init(view: "computed")]
                )
            ]
            try project.write([SmallProject.line(1, 10, created: 11, trips: "1")])
            try project.apply()
            let store = project.store
            func names(_ target: AccessTarget) -> [String] { store.viewNames(of: target) }
            let both = names(.selection(.features(["stats:trips", "other@v1:rate"])))
            #expect(both == ["stats", "other"])
            #expect(names(.selection(.features(["computed:sum"]))) == ["stats"])
            #expect(names(.selection(.features(["nothing:x"]))) == ["nothing"])
            #expect(names(.selection(.features(["no colon"]))) == ["no colon"])
            #expect(names(.selection(.service("service"))) == ["other", "stats"])
            #expect(names(.selection(.service("nothing"))) == [])
            #expect(names(.push(.source("stats_push"))) == ["stats", "other"])
            #expect(names(.push(.view("other@v1"))) == ["other"])
            #expect(names(.views(nil)) == ["stats", "other"])
            #expect(names(.views(["stats@v2"])) == ["stats"])
        }
    }
}
