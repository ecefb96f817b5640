import Glibc

/// Who holds a ``FileLock``, as its file says: one line each for the process, the command line, and
/// whatever else the holder wants known.
///
/// ```
/// pid 4711
/// command fstore serve --port 6566
/// serving http://127.0.0.1:6566
/// socket /srv/repo/data/online.sock
/// ```
package struct FileLockHolder: Hashable, Sendable, CustomStringConvertible {
    /// The process.
    package var processID: Int32
    /// Its command line, with blanks between the arguments.
    package var command: String
    /// Free text; no line holds a line feed.
    package var lines: [String]

    package init(processID: Int32, command: String, lines: [String] = []) {
        self.processID = processID
        self.command = oneLine(command)
        self.lines = lines.map(oneLine)
    }

    /// This process, with its command line.
    package static func thisProcess(lines: [String] = []) -> FileLockHolder {
        let command = CommandLine.arguments.joined(separator: " ")
        return FileLockHolder(processID: getpid(), command: command, lines: lines)
    }

    /// The process and its command: `4711 (fstore serve)`.
    package var description: String {
        self.command.isEmpty ? "\(self.processID)" : "\(self.processID) (\(self.command))"
    }

    /// Whether there is no such process any more: who has the lock has not written its name yet.
    var hasEnded: Bool { kill(self.processID, 0) != 0 && errno == ESRCH }

    /// What the file says.
    var text: String {
        (["pid \(self.processID)", "command \(self.command)"] + self.lines)
            .map { $0 + "\n" }.joined()
    }

    /// The bytes of the file: the text, a zero byte, and the checksum of the text, since others
    /// read while it is written over an older one.
    var sealed: [UInt8] {
        let text = Array(self.text.utf8)
        return text + [0] + Self.seal(of: text[...])
    }

    /// The holder that a file names, or `nil` when it was read while somebody wrote it.
    ///
    /// A text without a checksum is that of a release that wrote none.
    init?(sealed bytes: ArraySlice<UInt8>) {
        let text = bytes.prefix { $0 != 0 }
        let seal = bytes[text.endIndex...].dropFirst()
        guard text.count == bytes.count || seal.starts(with: Self.seal(of: text)) else {
            return nil
        }
        self.init(text: String(decoding: text, as: UTF8.self))
    }

    private static func seal(of text: ArraySlice<UInt8>) -> [UInt8] {
        let sum = checksum(text.span)
        return (0..<4).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) }
    }

    /// The holder that `text` names, or `nil` when it is no such text.
    private init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3, lines[0].hasPrefix("pid "), lines[1].hasPrefix("command "),
            let processID = Int32(lines[0].dropFirst(4))
        else { return nil }
        self.init(
            processID: processID,
            command: String(lines[1].dropFirst(8)),
            lines: lines[2..<(lines.count - 1)].map(String.init)
        )
    }
}

/// The text with blanks for its line feeds, and short enough for the file.
private func oneLine(_ text: String) -> String {
    String(text.prefix(2000).map { $0.isNewline ? " " : $0 })
}
