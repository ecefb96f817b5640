import NativeStorage

// A snapshot has both files as they are between two forgettings. A restore puts the union of two
// logs in place: first the project's own lines as they are, so that no state of the log has the
// number of an earlier one, then those of the snapshot that it lacks. Both sets of secrets stay in
// force: whose secret made a tombstone need not be known, for no id has the same under two.

extension ForgottenEntities {
    /// What a project remembers after a restore.
    package struct Restored: Sendable {
        /// Whether the snapshot knew more than the project.
        package let isNew: Bool
        /// What the rows of the snapshot have not obeyed.
        package let outstanding: Tombstones
        /// The bytes of both files, in the order of ``ForgottenFiles/names``.
        package let files: [[UInt8]]
    }

    /// Writes what is remembered into the folder of a snapshot; nothing when nothing is.
    package func copy(
        to folder: String,
        _ turn: ForgettingTurn
    ) throws(OfflineStoreError) {
        let contents = try self.files.contents()
        guard !contents.lines.isEmpty else { return }
        let copy = ForgottenFiles(folder: folder)
        try withFileErrors { () throws(FileError) in
            try FileTree.write(contents.keyBytes, to: copy.keyPath)
            try FileTree.write(contents.logBytes, to: copy.logPath)
        }
    }

    /// What is remembered when a snapshot has been restored.
    ///
    /// - Parameters:
    ///   - folder: The folder of the snapshot.
    ///   - turn: The turn, which is held until both files are in place.
    /// - Returns: It, and what has to be removed from the rows of the snapshot.
    /// - Throws: ``OfflineStoreError`` when either does not know any more what it has forgotten.
    package func restored(
        from folder: String,
        _ turn: ForgettingTurn
    ) throws(OfflineStoreError) -> Restored {
        let snapshot = try ForgottenFiles(folder: folder).contents()
        var contents = try self.files.contents()
        let isNew = contents.add(snapshot)
        return Restored(
            isNew: isNew,
            outstanding: contents.tombstones(notDoneIn: snapshot.entries),
            files: [contents.keyBytes, contents.logBytes]
        )
    }
}
