import FeatureModel
import Testing

/// One mistake in the good repository, and all that is said about it.
struct Mistake: Sendable, CustomTestStringConvertible {
    var old: String
    var new: String
    var problems: [String]

    init(_ old: String, _ new: String, _ problems: String...) {
        self.old = old
        self.new = new
        self.problems = problems
    }

    var testDescription: String { self.new }
}

@Suite struct WrongDefinitionsTests {
    @Test func theRepositoryThatMistakesAreMadeInIsGood() throws {
        #expect(try problems(changed("airport", to: "airport")) == [])
    }

    @Test(arguments: entityMistakes + sourceMistakes)
    func anEntityOrSourceMistakeGivesOneProblem(mistake: Mistake) throws {
        #expect(try problems(changed(mistake.old, to: mistake.new)) == mistake.problems)
    }

    @Test(arguments: viewMistakes + serviceMistakes + fileMistakes)
    func aViewOrServiceMistakeGivesOneProblem(mistake: Mistake) throws {
        #expect(try problems(changed(mistake.old, to: mistake.new)) == mistake.problems)
    }
}
