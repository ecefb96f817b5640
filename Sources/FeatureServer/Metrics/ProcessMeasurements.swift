import FoundationEssentials
import Glibc

/// What the system says of this process.
struct ProcessMeasurements {
    /// Processor time of all threads, in seconds.
    var processorSeconds = 0.0
    var residentBytes = 0
    var virtualBytes = 0
    /// Files and sockets that are open, and that may be.
    var openFiles = 0
    var maximumFiles = 0
    /// When the process began, in seconds since 1970.
    var startSeconds = 0.0

    /// The numbers now.
    init() {
        let ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        // The name of the program, in brackets, may have spaces and brackets.
        let fields = text("/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
        func number(_ field: Int) -> Double {
            // Numbered as in proc(5): the state, which follows the name, is the third.
            let index = field - 3
            return index < fields.count ? Double(fields[index]) ?? 0 : 0
        }
        self.processorSeconds = (number(14) + number(15)) / ticksPerSecond
        self.virtualBytes = Int(number(23))
        self.residentBytes = Int(number(24)) * Int(sysconf(Int32(_SC_PAGESIZE)))
        self.startSeconds = Self.bootSeconds + number(22) / ticksPerSecond
        let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        self.openFiles = names?.count ?? 0
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            self.maximumFiles = Int(clamping: limit.rlim_cur)
        }
    }

    /// When the system began.
    private static let bootSeconds: Double = {
        let line = text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) } ?? 0
    }()
}

/// What a file of the system holds; empty when it cannot be read.
private func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
}
