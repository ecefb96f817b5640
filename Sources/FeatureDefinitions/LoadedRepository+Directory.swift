public import FeatureModel
import Foundation
import Yams

extension LoadedRepository {
    /// Reads the repository in a directory: `feature_store.yaml` and every other YAML file below
    /// it.
    ///
    /// Skipped are hidden files and folders, and what a line of `.fstoreignore` matches. Objects
    /// are in the order of their files' paths, then of their lines.
    ///
    /// - Parameter directory: The folder that holds `feature_store.yaml`; relative to the process's
    ///   own directory unless it is absolute.
    /// - Throws: All problems of all files, in the order of their places.
    public init(directory: String) throws(DiagnosticsError) {
        try self.init(directory: directory, environment: ProcessInfo.processInfo.environment)
    }

    /// Reads the repository in a directory, with that environment for `${NAME}`.
    package init(
        directory: String,
        environment: [String: String]
    ) throws(DiagnosticsError) {
        let path = try Self.repositoryPath(directory)
        let configurationName = RepositoryFiles.configurationName
        let collector = DefinitionCollector()
        let files = RepositoryFiles(directory: path)
        collector.diagnostics += files.diagnostics
        var configuration: ProjectConfiguration?
        if let roots = collector.roots(ofFile: configurationName, in: path) {
            let reader = ConfigurationReader(
                collector: collector,
                environment: environment,
                directory: path
            )
            configuration = reader.configuration(roots)
        }
        for file in files.paths {
            collector.readDefinitions(ofFile: file, in: path)
        }
        collector.diagnostics += collector.repository.problems(
            locations: collector.locations,
            configuration: configuration,
            unreadable: collector.unreadable
        )
        guard collector.diagnostics.isEmpty, let configuration else {
            throw DiagnosticsError(diagnostics: collector.diagnostics.sortedByPlace())
        }
        self.init(
            directory: path,
            configuration: configuration,
            repository: collector.repository,
            locations: collector.locations,
            viewsWithoutSchema: collector.viewsWithoutSchema
        )
    }

    /// Reads `feature_store.yaml` alone; the repository has no definitions then.
    ///
    /// For everything that goes by what was applied: the registry has the definitions.
    ///
    /// - Parameter directory: See ``init(directory:)``.
    /// - Throws: All problems of the file.
    public init(configurationIn directory: String) throws(DiagnosticsError) {
        let path = try Self.repositoryPath(directory)
        let collector = DefinitionCollector()
        var configuration: ProjectConfiguration?
        if let roots = collector.roots(ofFile: RepositoryFiles.configurationName, in: path) {
            let reader = ConfigurationReader(
                collector: collector,
                environment: ProcessInfo.processInfo.environment,
                directory: path
            )
            configuration = reader.configuration(roots)
        }
        guard collector.diagnostics.isEmpty, let configuration else {
            throw DiagnosticsError(diagnostics: collector.diagnostics.sortedByPlace())
        }
        self.init(directory: path, configuration: configuration, repository: FeatureRepository())
    }

    /// The absolute paths of all that ``init(directory:)`` reads, whether it can be read or not.
    ///
    /// - Parameter directory: The absolute path of the repository.
    /// - Returns: `nil` when something is wrong with the folder itself.
    package static func files(inDirectory directory: String) -> [String]? {
        let files = RepositoryFiles(directory: directory)
        guard files.diagnostics.isEmpty else { return nil }
        let names = [RepositoryFiles.configurationName, IgnorePatterns.fileName] + files.paths
        return names.map { "\(directory)/\($0)" }
    }

    /// The absolute path of a directory that holds `feature_store.yaml`.
    private static func repositoryPath(_ directory: String) throws(DiagnosticsError) -> String {
        let root = URL(fileURLWithPath: directory).standardizedFileURL.resolvingSymlinksInPath()
        let path = root.path
        let configurationName = RepositoryFiles.configurationName
        guard FileManager.default.fileExists(atPath: "\(path)/\(configurationName)") else {
            let isFolder = RepositoryFiles.isFolder(path)
            let isThere = FileManager.default.fileExists(atPath: path)
            let problem = Diagnostic(
                message: isFolder
                    ? "\(path) is no feature repository: it has no \(configurationName)"
                    : isThere ? "\(path) is no folder" : "the folder \(path) does not exist",
                fix: "name a repository with --chdir, or make one with \"fstore init\""
            )
            throw DiagnosticsError(diagnostics: [problem])
        }
        return path
    }
}

extension DefinitionCollector {
    /// The documents of a file; `nil` when the file as a whole cannot be read, which is reported.
    fileprivate func roots(ofFile file: String, in directory: String) -> [Node]? {
        do {
            let text = try YAMLDocuments.text(ofFile: file, at: "\(directory)/\(file)")
            return try YAMLDocuments.roots(of: text, file: file)
        } catch {
            self.report(error)
            return nil
        }
    }

    /// Reads the definitions of a file, or of those of its sections that are YAML.
    fileprivate func readDefinitions(ofFile file: String, in directory: String) {
        let reader = DefinitionFileReader(file: file, collector: self)
        var known: String?
        do {
            let text = try YAMLDocuments.text(ofFile: file, at: "\(directory)/\(file)")
            known = text
            reader.read(try YAMLDocuments.roots(of: text, file: file))
        } catch {
            guard let text = known, let sections = YAMLSections(of: text, file: file) else {
                self.report(error)
                self.unreadable.insertEverything()
                return
            }
            for section in sections.broken {
                self.report(section.problem)
                if let kind = DefinitionKind.allCases.first(where: { $0.listKey == section.key }) {
                    self.unreadable.insert(objectsOf: kind)
                } else {
                    self.unreadable.insertEverything()
                }
            }
            if !sections.roots.isEmpty {
                reader.read(sections.roots)
            }
        }
    }

    private func report(_ problem: YAMLProblem) {
        self.report(problem.message, fix: problem.fix, at: problem.place)
    }
}
