import ArgumentParser
import FeastRegistry
import FeatureModel
import Foundation

struct ImportFeastCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-feast",
        abstract: "Turn a registry file of Feast into a feature repository.",
        discussion: """
            Entities, sources, feature views and services become YAML definitions. A source that \
            is no CSV file becomes one that is to be supplied, with what Feast read in its tags. \
            Everything that is changed or left out is listed; Python code is put into from_feast/.
            """
    )

    @Argument(help: "The registry file: registry.db of a repository of Feast.")
    var registry: String

    @Argument(help: "The folder to make.")
    var directory = "feature_repo"

    @Option(help: "The project, when the registry has several.")
    var project: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: self.registry))
        } catch {
            printError(
                "error: \(self.registry) cannot be read: \(reason(of: error)); name the "
                    + "registry.db of a repository of Feast"
            )
            throw ExitCode.failure
        }
        let imported: FeastImport
        do {
            imported = try FeastImport(Array(data), project: self.project)
            try ImportedRepository(imported, origin: self.registry).write(to: self.directory)
        } catch let error as FeastRegistryError {
            printError("error: \(self.registry): \(error.message)")
            throw ExitCode.failure
        } catch let error as NewRepositoryError {
            printError("error: \(error.message)")
            throw ExitCode.failure
        }
        if self.json {
            print(try jsonText(Report(imported, directory: self.directory)))
        } else {
            self.tell(imported)
        }
    }

    private func tell(_ imported: FeastImport) {
        let repository = imported.repository
        print(
            "Imported the project \(imported.project) from \(self.registry) into \(self.directory):"
        )
        let counts = [
            (repository.entities.count, DefinitionKind.entity),
            (repository.dataSources.count, .dataSource),
            (repository.featureViews.count, .featureView),
            (repository.onDemandFeatureViews.count, .onDemandFeatureView),
            (repository.featureServices.count, .featureService),
        ]
        print(
            "  "
                + counts.map { count, kind in
                    "\(grouped(count)) \(count == 1 ? kind.title : kind.plural)"
                }.joined(separator: ", ")
        )
        if !imported.missingFiles.isEmpty {
            print("To be supplied, as CSV with a header:")
            let rows = imported.missingFiles.map { file in
                ["  " + file.path, "data source \"\(file.source)\"", "rows of \(file.origin)"]
            }
            print(aligned(rows))
        }
        if !imported.notes.isEmpty {
            print("Changed or left out:")
            for line in Self.lines(imported.notes) {
                print("  - \(line)")
            }
        }
        print("Next:")
        print("  cd \(self.directory)")
        print("  fstore plan")
    }

    /// The notes, those that say the same about several things in one line.
    private static func lines(_ notes: [FeastNote]) -> [String] {
        var order: [FeastNote] = []
        var subjects: [FeastNote: [String]] = [:]
        for note in notes {
            let same = FeastNote("", note.problem, advice: note.advice)
            if subjects[same] == nil {
                order.append(same)
            }
            subjects[same, default: []].append(note.subject)
        }
        return order.map { note in
            let names = subjects[note, default: []].joined(separator: ", ")
            return FeastNote(names, note.problem, advice: note.advice).description
        }
    }

    private struct Report: Encodable {
        private enum CodingKeys: String, CodingKey {
            case project
            case directory
            case missingFiles = "missing_files"
            case notes
        }

        let project: String
        let directory: String
        let missingFiles: [FeastImport.MissingFile]
        let notes: [FeastNote]

        init(_ imported: FeastImport, directory: String) {
            self.project = imported.project
            self.directory = directory
            self.missingFiles = imported.missingFiles
            self.notes = imported.notes
        }
    }
}
