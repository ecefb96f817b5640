import Glibc
import NativeStorage

/// The sorted files of an ingestion, kept under second names until they are in the database.
///
/// When RocksDB cannot sync its list of files, it takes the ingestion for failed and deletes the
/// files; but the list on the disk names them already, and a database without a file of its list
/// cannot be opened. The second names cost nothing and bring the files back.
struct IngestedFiles: Sendable {
    private static let prefix = "ingested-"

    /// The folder of the second names, on the database's file system.
    let folder: String

    /// Gives files second names; those of the last ingestion go.
    func keep(_ paths: [String]) throws(OnlineStoreError) {
        self.forget()
        for (index, path) in paths.enumerated() {
            let name = self.path(index)
            guard unsafe link(path, name) == 0 else {
                let error = FileError(writing: name, errorNumber: errno)
                throw OnlineStoreError(.unavailable, error.message, cause: error)
            }
        }
    }

    /// Removes the second names.
    func forget() {
        for name in fileNames(in: self.folder) where name.hasPrefix(Self.prefix) {
            removeFile("\(self.folder)/\(name)")
        }
    }

    /// Opens a database; one that misses the kept files gets them back.
    ///
    /// RocksDB numbers the files of an ingestion one after the other, and knows the size and the
    /// identity of each, so that it refuses them under wrong numbers.
    func open(_ directory: String, cacheBytes: Int) throws(RocksDBError) -> RocksDB {
        let failure: RocksDBError
        do throws(RocksDBError) {
            return try RocksDB(path: directory, cacheBytes: cacheBytes)
        } catch {
            failure = error
        }
        let count = fileNames(in: self.folder).count { $0.hasPrefix(Self.prefix) }
        guard failure.code == .corruption, count > 0,
            let missing = Self.missingNumber(failure.message)
        else { throw failure }
        for first in max(1, missing - count + 1)...max(1, missing) {
            let names = (0..<count).map { Self.tablePath(first + $0, in: directory) }
            var made: [String] = []
            for (index, name) in names.enumerated()
            where unsafe link(self.path(index), name) == 0 {
                made.append(name)
            }
            if made.count == count,
                let database = try? RocksDB(path: directory, cacheBytes: cacheBytes)
            {
                return database
            }
            for name in made { removeFile(name) }
        }
        throw failure
    }

    private func path(_ index: Int) -> String { "\(self.folder)/\(Self.prefix)\(index).sst" }

    /// As RocksDB names the table of that number.
    private static func tablePath(_ number: Int, in directory: String) -> String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, 6 - digits.utf8.count))
        return "\(directory)/\(zeros)\(digits).sst"
    }

    /// The number of the table that RocksDB says is missing, as `/000025.sst` or, by its older
    /// name, `/000025.ldb`.
    private static func missingNumber(_ message: String) -> Int? {
        guard message.contains("No such file") else { return nil }
        for part in message.split(separator: "/") {
            let digits = part.prefix { $0.isASCII && $0.isNumber }
            let rest = part.dropFirst(digits.count)
            if rest.hasPrefix(".ldb") || rest.hasPrefix(".sst") { return Int(digits) }
        }
        return nil
    }
}
