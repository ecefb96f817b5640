import CLinux

/// Lets the kernel begin to write what a file has in memory, so that there is less to wait for when
/// it is synchronized.
///
/// It is a hint: whatever goes wrong shows when the file is synchronized.
package func beginWriteback(of descriptor: CInt) {
    _ = sync_file_range(descriptor, 0, 0, UInt32(FSTORE_SYNC_FILE_RANGE_WRITE))
}
