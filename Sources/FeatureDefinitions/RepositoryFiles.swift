import FeatureModel
import Foundation
import Glibc

/// The definition files of a repository.
struct RepositoryFiles {
    /// The file that makes a folder a repository.
    static let configurationName = "feature_store.yaml"

    /// The paths of the definition files, relative to the repository, ascending by their bytes.
    private(set) var paths: [String] = []
    /// What is wrong with the folder itself.
    private(set) var diagnostics: [Diagnostic] = []
    private let inside: AllowedPaths

    /// Finds the files below a folder.
    ///
    /// Skipped are hidden files and folders, snapshots, what `.fstoreignore` matches, and links to
    /// folders. A link to a file outside of the repository is an error: messages quote what files
    /// say.
    init(directory: String) {
        let ignoreFile = directory + "/" + IgnorePatterns.fileName
        self.inside = AllowedPaths(repository: directory, others: [])
        guard self.inside.contains(ignoreFile) else {
            self.reportLink(IgnorePatterns.fileName)
            return
        }
        let data = FileManager.default.contents(atPath: ignoreFile) ?? Data()
        let patterns = IgnorePatterns(text: String(decoding: data, as: UTF8.self))
        self.diagnostics = patterns.diagnostics
        self.collect(folder: "", below: directory, patterns: patterns)
        self.paths.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private mutating func collect(folder: String, below root: String, patterns: IgnorePatterns) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: root + "/" + folder)
        } catch {
            let problem = Diagnostic(
                message: "the folder \(folder.isEmpty ? root : folder) cannot be read",
                fix: "check that it is a folder that you may read"
            )
            self.diagnostics.append(problem)
            return
        }
        if !folder.isEmpty, Self.isSnapshot(names) { return }
        for name in names.sorted() where !name.hasPrefix(".") {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            let absolute = "\(root)/\(path)"
            // Foundation would read the names of the owner and the group for each file, too.
            var status = stat()
            let isFolder =
                unsafe lstat(absolute, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            guard !patterns.matches(path, isFolder: isFolder) else { continue }
            if isFolder {
                self.collect(folder: path, below: root, patterns: patterns)
            } else if path != Self.configurationName, Self.isYAML(name),
                !Self.isFolder(absolute)
            {
                guard self.inside.contains(absolute) else {
                    self.reportLink(path)
                    continue
                }
                self.add(path, name: name)
            }
        }
    }

    /// Whether a folder with these files is a snapshot of a project, whose definitions are of old.
    private static func isSnapshot(_ names: [String]) -> Bool {
        names.contains(Self.configurationName) && names.contains("manifest.json")
    }

    private mutating func reportLink(_ path: String) {
        let problem = Diagnostic(
            message: "\(path) is a link that leads out of the repository",
            fix: "put the file itself there",
            location: SourceLocation(file: path, line: 1, column: 1)
        )
        self.diagnostics.append(problem)
    }

    private mutating func add(_ path: String, name: String) {
        guard name == Self.configurationName else {
            self.paths.append(path)
            return
        }
        let problem = Diagnostic(
            message: "\(path) is a second \(name); a repository has one, at its root",
            fix: "remove it, or name its folder in \(IgnorePatterns.fileName)",
            location: SourceLocation(file: path, line: 1, column: 1)
        )
        self.diagnostics.append(problem)
    }

    private static func isYAML(_ name: String) -> Bool {
        name.hasSuffix(".yaml") || name.hasSuffix(".yml")
    }

    /// Whether a path leads to a folder, through links as well.
    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && isFolder.boolValue
    }
}
