import Glibc

/// Which release of RocksDB wrote files, and which one this program runs with.
package enum StorageVersions {
    /// The release of RocksDB that opened a database last, such as `7.8.3`; `nil` when the folder
    /// does not say.
    package static func rocksDB(ofDatabaseAt folder: String) -> String? {
        let number = { (name: String) in Int(name.dropFirst("OPTIONS-".count)) ?? 0 }
        let names = fileNames(in: folder).filter { $0.hasPrefix("OPTIONS-") }
        guard let newest = names.max(by: { number($0) < number($1) }),
            let file = try? StoredFile(path: "\(folder)/\(newest)")
        else { return nil }
        var bytes: [UInt8] = []
        let count = min(file.size, 4096)
        guard (try? file.read(at: 0, count: count, into: &bytes)) != nil else { return nil }
        let key = "rocksdb_version="
        return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
            .map { $0.drop { $0 == " " } }.first { $0.hasPrefix(key) }
            .map { String($0.dropFirst(key.count)) }
    }

    /// The release of RocksDB that this program runs with; `nil` when it cannot be found out.
    ///
    /// The C interface does not tell, but each database that the library opens does.
    package static func rocksDBLibrary() -> String? {
        var template = Array("/tmp/fstore-version-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { name -> String? in
            guard let start = name.baseAddress, unsafe mkdtemp(start) != nil else { return nil }
            return unsafe String(cString: start)
        }
        guard let folder = made else { return nil }
        defer { FileTree.remove(folder) }
        guard (try? RocksDB(path: folder, cacheBytes: 0)) != nil else { return nil }
        return self.rocksDB(ofDatabaseAt: folder)
    }
}
