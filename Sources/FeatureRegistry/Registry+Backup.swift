import NativeStorage

extension Registry {
    /// Copies the file as it is now into a new one; others may apply meanwhile.
    ///
    /// - Parameter path: Where the copy goes.
    /// - Returns: The version that the copy has; `nil`, and there is no copy, when nothing was
    ///   applied yet.
    /// - Throws: ``RegistryError`` when the file is damaged, or the copy cannot be written.
    package func copy(to path: String) throws(RegistryError) -> RegistrySnapshot? {
        guard let tables = try self.openForReading() else { return nil }
        try self.mapped { () throws(SQLiteError) in
            try tables.database.holdState()
            try tables.database.copy(to: path)
        }
        return try Registry(path: path).snapshot()
    }

    /// Reads everything: pages, tables, and the definitions of every version.
    ///
    /// - Returns: What is wrong; nothing when all is well, or nothing was applied yet.
    package func problems() -> [String] {
        do throws(RegistryError) {
            guard let tables = try self.openForReading() else { return [] }
            let problems = try self.mapped { () throws(SQLiteError) in
                try tables.database.integrityProblems()
            }
            guard problems.isEmpty else { return problems }
            let versions = try self.history().map(\.version)
            guard versions == Array(1...max(1, versions.count)) || versions.isEmpty else {
                return ["\(self.path): versions are missing between 1 and \(versions.last ?? 0)"]
            }
            for version in versions {
                _ = try self.snapshot(version: version)
            }
            return []
        } catch {
            return [error.message]
        }
    }
}
