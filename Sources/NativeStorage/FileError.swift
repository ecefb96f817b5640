import Glibc

/// A file that cannot be read, and why.
package struct FileError: Error, Sendable, CustomStringConvertible {
    /// What the caller can act on.
    package enum Code: Sendable {
        /// There is no such file.
        case missing
        /// The file is there, and cannot be read: a directory, no permission, a failing disk.
        case inputOutput
        /// The file was read, and its bytes are no gzip, or they end too early.
        case corrupt
    }

    /// What the caller can act on.
    package let code: Code
    /// What is wrong, with the path.
    package let message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The error that the newest call into the C library left behind.
    init(path: String, errorNumber: CInt) {
        let message: String
        switch errorNumber {
        case ENOENT, ENOTDIR: message = "there is no file \(path)"
        case EISDIR: message = "\(path) is a folder; name a file in it"
        default: message = unsafe "cannot read \(path): \(String(cString: strerror(errorNumber)))"
        }
        self.init(
            code: errorNumber == ENOENT || errorNumber == ENOTDIR ? .missing : .inputOutput,
            message: message
        )
    }

    /// The error of a call that writes.
    package init(writing path: String, errorNumber: CInt) {
        self.code = .inputOutput
        self.message = unsafe "cannot write \(path): \(String(cString: strerror(errorNumber)))"
    }

    package var description: String { self.message }
}
