import Foundation

/// A reader of bytes that strangers may have written.
///
/// The fuzzer of `scripts/fuzz` runs one of them on bytes that it makes up, and ``CorpusTests`` all
/// of them on those of `Corpus`. Any bytes may be refused; none may trap, read what is not theirs,
/// or break what a reader promises.
enum FuzzTarget: String, CaseIterable, Sendable {
    case requests, heads, csv, yaml, expressions, feast, rows, keys, catalogue, registry, caches
    case runs

    /// Reads the bytes.
    ///
    /// - Parameters:
    ///   - bytes: Any bytes.
    ///   - workspace: Where files may be written.
    func read(_ bytes: [UInt8], in workspace: FuzzWorkspace) {
        switch self {
        case .requests: readRequests(bytes, in: workspace)
        case .heads: readHead(bytes)
        case .csv: readCSV(bytes, in: workspace)
        case .yaml: readDefinitions(bytes, in: workspace)
        case .expressions: readExpression(bytes)
        case .feast: readFeastRegistry(bytes)
        case .rows: readRow(bytes)
        case .keys: readKey(bytes)
        case .catalogue: readCatalogue(bytes)
        case .registry: readRegistry(bytes, in: workspace)
        case .caches: readCache(bytes, in: workspace)
        case .runs: readRun(bytes, in: workspace)
        }
    }
}

/// A folder for the files of one reader at a time.
final class FuzzWorkspace {
    let directory: String
    /// A store with rows of all types; made when it is asked for first.
    private(set) lazy var project = RequestProject(directory: self.directory + "/project")

    /// - Parameter directory: An empty folder.
    init(directory: String) {
        self.directory = directory
    }

    /// Writes a file, and returns its path.
    func write(_ bytes: some Sequence<UInt8>, to name: String) -> String {
        let path = self.directory + "/" + name
        let isWritten = FileManager.default.createFile(atPath: path, contents: Data(bytes))
        precondition(isWritten, "the folder of the workspace can be written to")
        return path
    }
}
