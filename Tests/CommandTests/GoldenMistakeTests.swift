import Foundation
import TestSupport
import Testing

/// What the program says to mistakes, word for word.
struct GoldenMistakeTests {
    @Test(arguments: GoldenMistake.usage + GoldenMistake.names)
    func `A wrong command is answered in these words`(_ mistake: GoldenMistake) throws {
        try self.check(mistake.wrong)
    }

    @Test(
        arguments:
            GoldenMistake.data + GoldenMistake.definitions + GoldenMistake.parts
            + GoldenMistake.sources
    )
    func `Wrong files are answered in these words`(_ mistake: GoldenMistake) throws {
        try self.check(mistake.wrong)
    }

    private func check(_ wrong: WrongInput) throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            if wrong.isApplied { try fleet.prepare("apply") }
            for (name, text) in wrong.files { try fleet.write(name, text) }
            if let edit = wrong.edit { try fleet.edit(edit.old, edit.new) }
            let result = try Program.run(wrong.arguments, in: fleet.directory, input: wrong.input)
            #expect(result.exitCode == wrong.exitCode, "\(result)")
            let folder = URL(fileURLWithPath: fleet.directory).resolvingSymlinksInPath().path
            let lines = result.errors.replacingOccurrences(of: folder, with: "<repo>")
                .split(separator: "\n", omittingEmptySubsequences: false)
                .filter { line in
                    !["Usage:", "Help:", "  See '"].contains { line.hasPrefix($0) }
                }
            var said = lines.joined(separator: "\n")
            while said.hasSuffix("\n") { said.removeLast() }
            #expect(said == wrong.message)
        }
    }

    @Test func `A wrong request is answered in these words`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply", "materialize")
            let server = try RunningServer(fleet)
            for wrong in WrongRequest.all {
                let answer = try server.request(wrong.method, wrong.path, wrong.body)
                #expect(answer.status == wrong.status, "\(wrong)")
                #expect(answer.body == wrong.answer, "\(wrong)")
            }
            _ = try server.stop()
        }
    }
}
