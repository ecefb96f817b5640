import Foundation
import Glibc
import TestSupport
import Testing

/// Forgetting, judged by the bytes on the disk.
@Suite struct ForgetBytesTests {
    private func check(_ people: PeopleRepository, _ result: Program.Result) throws {
        #expect(result.exitCode == 0, "\(result)")
        #expect(try people.filesThatHoldIDs() == [])
        for key in ["person_id=\(PeopleRepository.person)", "mail=\(PeopleRepository.mail)"] {
            #expect(!result.output.contains(key.drop { $0 != "=" }.dropFirst()))
        }
        // Nor does a load, a training set or a push bring it back.
        try people.run("materialize")
        try people.run("push", "visits_push", "sources/rows.json", "--to", "online_and_offline")
        let verified = try people.run("verify")
        #expect(verified.output.contains(" 0 different"), "\(verified)")
        // But for the row of the push that comes after the forgetting, in 2030.
        let rows = try people.run(
            "get-online-features",
            "-e",
            "person_id=\(PeopleRepository.person)",
            "-f",
            "by_person:pages",
            "--explain"
        )
        #expect(rows.output.contains("NOT_FOUND"), "\(rows)")
    }

    @Test func `No byte of the ids is left in any file, and others' answers are the same`() throws {
        try withTemporaryDirectory { directory in
            let people = try PeopleRepository(at: directory)
            let before = try people.answersOfOthers()
            let places = try people.filesThatHoldIDs().map { $0.prefix { $0 != "/" && $0 != " " } }
            // The test looks in all the places that it filled.
            #expect(Set(places).isSuperset(of: ["online", "pushed.db", "saved_datasets", "cache"]))
            let told = try people.run(PeopleRepository.forget + ["--dry-run"])
            #expect(told.output.contains("would be removed: "), "\(told)")
            let result = try people.run(PeopleRepository.forget)
            #expect(result.output.contains("data source visits has 3 rows of it still"))
            #expect(try people.answersOfOthers() == before)
            try self.check(people, result)
        }
    }

    @Test func `With a server running the same holds, while it serves`() throws {
        try withTemporaryDirectory { directory in
            let people = try PeopleRepository(at: directory)
            let server = try RunningServer(in: people.directory)
            let before = try people.answersOfOthers()
            let result = try people.run(PeopleRepository.forget)
            #expect(try people.filesThatHoldIDs() == [])
            #expect(try people.answersOfOthers() == before)
            try self.check(people, result)
            #expect(try server.stop().exitCode == 0)
        }
    }

    @Test func `A forgetting that is killed is completed by the same once more`() throws {
        try withTemporaryDirectory { directory in
            let people = try PeopleRepository(at: directory.appendingPathComponent("first"))
            let clock = ContinuousClock.now
            let copy = directory.path + "/measured"
            try FileManager.default.copyItem(atPath: people.directory, toPath: copy)
            _ = try Program.run(PeopleRepository.forget, in: copy)
            let length = (ContinuousClock.now - clock).components
            let whole = Double(length.seconds) * 1000 + Double(length.attoseconds) / 1e15
            for kill in 1...6 {
                let copy = directory.path + "/killed-\(kill)"
                try FileManager.default.copyItem(atPath: people.directory, toPath: copy)
                let run = try RunningProgram(Program.path, PeopleRepository.forget, in: copy)
                usleep(UInt32(whole * 1000 * Double(kill) / 7))
                run.send(SIGKILL)
                _ = try run.wait()
                let result = try Program.run(PeopleRepository.forget, in: copy)
                #expect(result.exitCode == 0, "\(result)")
                let found = try PeopleRepository(existing: copy).filesThatHoldIDs()
                #expect(found == [], "killed after \(kill) of 7 parts")
            }
        }
    }

    @Test func `After a kill at any call, the same once more also mends what datasets came from`()
        throws
    {
        try withTemporaryDirectory { directory in
            // The same folder every time, for a database of pushes knows its path.
            let work = directory.path + "/work"
            let people = try PeopleRepository(at: URL(fileURLWithPath: work))
            let template = directory.path + "/template"
            try FileManager.default.moveItem(atPath: work, toPath: template)
            try self.withCopies(of: template, at: work, of: PeopleRepository.forget) { fault in
                try people.run(PeopleRepository.forget)
                #expect(try people.filesThatHoldIDs() == [], "\(fault)")
                let rebuilt = try Program.run(["saved-datasets", "rebuild", "set"], in: work)
                #expect(rebuilt.exitCode == 0, "\(fault): \(rebuilt)")
            }
        }
    }

    @Test func `A restore of a snapshot from before brings no byte back, and ends so when killed`()
        throws
    {
        try withTemporaryDirectory { directory in
            let work = directory.path + "/work"
            let people = try PeopleRepository(at: URL(fileURLWithPath: work))
            try people.run("snapshot", "../snapshot")
            try people.run(PeopleRepository.forget)
            let others = try people.answersOfOthers()
            let template = directory.path + "/template"
            try FileManager.default.copyItem(atPath: work, toPath: template)
            let restore = ["restore", "../snapshot", "--replace"]
            let result = try people.run(restore)
            for what in [
                "3 online rows of feature view by_both", "3 pushed rows\n", "3 rejected rows\n",
                "2 rows of saved dataset set",
            ] {
                #expect(result.output.contains("left out, as forgotten: \(what)"), "\(result)")
            }
            #expect(try people.answersOfOthers() == others)
            try people.run("saved-datasets", "rebuild", "set")
            try self.check(people, result)

            try self.withCopies(of: template, at: work, of: restore) { fault in
                // Any command that uses the store clears away what was left, or completes it.
                #expect(try people.answersOfOthers() == others, "\(fault)")
                #expect(try people.filesThatHoldIDs() == [], "\(fault)")
                try people.run(restore)
                #expect(try people.filesThatHoldIDs() == [], "\(fault), again")
            }
            let verified = try people.run("verify")
            #expect(verified.output.contains(" 0 different"), "\(verified)")
        }
    }

    @Test func `A snapshot that is served shows nothing that was forgotten since`() throws {
        try withTemporaryDirectory { directory in
            let people = try PeopleRepository(at: directory.appendingPathComponent("work"))
            try people.run("snapshot", "../snapshot")
            let at = ["serve", "-p", "0", "--at", "../snapshot"]
            let body =
                #"{"features": ["by_person:pages"], "entities": {"person_id": ["#
                + "\(PeopleRepository.person), 11]}}"
            let server = try RunningServer(in: people.directory, arguments: at)
            let before = try server.post("/get-online-features", body)
            #expect(before.body.contains(#"["PRESENT","PRESENT"]"#), "\(before.text)")
            try people.run(PeopleRepository.forget)
            let later = try RunningServer(in: people.directory, arguments: at)
            let after = try later.post("/get-online-features", body)
            #expect(after.body.contains(#"["NOT_FOUND","PRESENT"]"#), "\(after.text)")
            // The other one follows within a second.
            let deadline = ContinuousClock.now + .seconds(20)
            while try server.post("/get-online-features", body).body.contains(#"["PRESENT","P"#),
                ContinuousClock.now < deadline
            {
                usleep(50_000)
            }
            let followed = try server.post("/get-online-features", body)
            #expect(followed.body.contains(#"["NOT_FOUND","PRESENT"]"#), "\(followed.text)")
        }
    }

    /// Kills a command at calls spread over all that it makes, each time on a fresh copy, and
    /// calls `body` with the copy as the kill has left it.
    private func withCopies(
        of template: String,
        at work: String,
        of command: [String],
        _ body: (String) throws -> Void
    ) throws {
        func fresh() throws -> Faults {
            try? FileManager.default.removeItem(atPath: work)
            try FileManager.default.copyItem(atPath: template, toPath: work)
            return try Faults(below: work)
        }
        let count = try fresh()
        let whole = try Program.run(command, in: work, environment: count.environment)
        #expect(whole.exitCode == 0, "\(whole)")
        try #require(count.calls > 20)
        let kills = 9
        for kill in 0..<kills {
            let faults = try fresh()
            let call = 1 + kill * (count.calls - 1) / kills
            faults.arm(kill.isMultiple(of: 2) ? .killAfter : .killTorn, first: call)
            let result = try Program.run(command, in: work, environment: faults.environment)
            #expect(result.signal == SIGKILL, "\(result)")
            try body("killed at call \(call) of \(count.calls)")
        }
    }

    @Test func `Mistakes are told`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            let early = try fleet.run("forget", "--entity", "driver_id=1")
            #expect(early.exitCode == 1 && early.errors.contains("fstore apply"), "\(early)")
            try fleet.prepare("apply")
            let cases: [([String], Int32, String)] = [
                (["forget"], 64, "--entity user_id=42"),
                (["forget", "--entity", "driver_id"], 64, "is no key=value"),
                (["forget", "--entity", "driver=1"], 1, "did you mean \"driver_id\"?"),
                (["forget", "--entity", "driver_id=x"], 1, "driver_id"),
            ]
            for (arguments, code, words) in cases {
                let result = try Program.run(arguments, in: fleet.directory)
                #expect(result.exitCode == code && result.errors.contains(words), "\(result)")
            }
            let server = try RunningServer(fleet)
            let bodies: [(String, String, Int)] = [
                ("/forget", "{}", 422), ("/forget", "[]", 422), ("/forget", "{", 422),
                ("/forget", #"{"entities": {}}"#, 400),
                ("/forget", #"{"entities": {"driver": [1]}}"#, 400),
                ("/forget", #"{"entities": {"driver_id": ["x"]}}"#, 400),
                ("/forget", #"{"entities": {"driver_id": [1]}, "dry_run": 1}"#, 422),
                ("/gc", #"{"dry_run": "yes"}"#, 422), ("/gc", #"{"dry_run": true}"#, 200),
                ("/forget", #"{"entities": {"driver_id": [1001, 7]}}"#, 200),
            ]
            for (path, body, status) in bodies {
                let answer = try server.post(path, body)
                #expect(answer.status == status, "\(path) \(body): \(answer.text)")
            }
        }
    }
}

extension PeopleRepository {
    /// A copy of one that was made.
    init(existing directory: String) {
        self.directory = directory
    }
}
