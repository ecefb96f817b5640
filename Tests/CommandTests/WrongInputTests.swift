import TestSupport
import Testing

/// What people get wrong, and whether the program tells them so that they can mend it.
struct WrongInputTests {
    @Test(arguments: WrongInput.usage + WrongInput.names)
    func `A wrong command is explained`(_ wrong: WrongInput) throws {
        try self.check(wrong)
    }

    @Test(arguments: WrongInput.data + WrongInput.definitions)
    func `Wrong files are explained`(_ wrong: WrongInput) throws {
        try self.check(wrong)
    }

    private func check(_ wrong: WrongInput) throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            if wrong.isApplied {
                try fleet.prepare("apply")
            }
            for (name, text) in wrong.files {
                try fleet.write(name, text)
            }
            if let edit = wrong.edit {
                try fleet.edit(edit.old, edit.new)
            }
            let result = try Program.run(wrong.arguments, in: fleet.directory, input: wrong.input)
            #expect(result.signal == 0)
            #expect(result.exitCode == wrong.exitCode, "\(result)")
            #expect(result.errors.contains(wrong.message), "\(result)")
            for word in ["LOCK", "database is locked", "Fatal error", "Error Domain", "Optional("] {
                #expect(!result.errors.contains(word), "\(result)")
            }
        }
    }
}
