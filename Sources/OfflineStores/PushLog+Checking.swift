import FeatureCompute
import NativeStorage

extension PushLog {
    /// What a look at the whole log found.
    package struct Check: Sendable {
        package fileprivate(set) var pushes = 0
        package fileprivate(set) var rows = 0
        /// What is wrong; without cells.
        package fileprivate(set) var problems: [String] = []
    }

    /// Copies the log as it is at one moment.
    package final class Copying {
        private let database: SQLiteDatabase

        /// The moment is that of the call.
        package init(path: String) throws(OfflineStoreError) {
            self.database = try withPushLogErrors { () throws(SQLiteError) in
                let database = try SQLiteDatabase(
                    path: path,
                    mode: .readOnly,
                    keepsPageChecksums: true
                )
                try database.holdState()
                return database
            }
        }

        /// Copies the log into a new file; others may push meanwhile.
        package func copy(to path: String) throws(OfflineStoreError) {
            let database = self.database
            try withPushLogErrors { () throws(SQLiteError) in try database.copy(to: path) }
        }
    }

    /// Reads the whole log: pages, tables, the numbers of the pushes, and all cells.
    ///
    /// - Throws: ``OfflineStoreError`` when the file cannot be read, which is damage as well.
    package func check() throws(OfflineStoreError) -> Check {
        try withPushLogErrors { () throws(SQLiteError) in
            var check = Check()
            check.problems = try self.database.integrityProblems()
            let pushes = try self.database.prepare("SELECT count(*) FROM pushes")
            if try pushes.step() { check.pushes = Int(pushes.integer(at: 0)) }
            let rows = try self.database.prepare("SELECT sequence, row, cells FROM pushed_rows")
            while try rows.step() {
                check.rows += 1
                let cells = rows.withBytes(at: 2) { GivenCell.cells(json: $0) }
                guard cells == nil else { continue }
                check.problems.append(
                    "\(self.path): row \(rows.integer(at: 1)) of push \(rows.integer(at: 0)) "
                        + "cannot be read"
                )
            }
            return check
        }
    }
}
