extension TableWriter {
    /// Writes a file as a whole; it survives a loss of power then.
    package static func write(_ bytes: [UInt8], to path: String) throws(OfflineStoreError) {
        try self.write(bytes, to: OutputFile(path: path))
    }

    /// Writes to a descriptor that is open already, and stays open.
    package static func write(
        _ bytes: [UInt8],
        toDescriptor descriptor: Int32
    ) throws(OfflineStoreError) {
        try self.write(bytes, to: OutputFile(descriptor: descriptor))
    }

    private static func write(
        _ bytes: [UInt8],
        to file: OutputFile
    ) throws(OfflineStoreError) {
        var file = file
        do {
            try file.write(bytes.span)
            try file.finish()
        } catch {
            file.discard()
            throw error
        }
    }
}
