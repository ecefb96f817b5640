import FeatureStoreKit

extension MetricsWriter {
    /// How many requests of a kind wait for a thread or have one.
    struct Queue {
        let name: String
        let waiting: Int
        let running: Int
    }

    /// Writes what a server counts.
    ///
    /// - Parameters:
    ///   - counters: Those of its event loops.
    ///   - refusals: How often it refused something, by reason.
    ///   - queues: The requests on threads.
    ///   - connectionCount: The open connections.
    ///   - maximumConnections: How many there may be.
    mutating func write(
        _ counters: ServerCounters,
        refusals: [(reason: String, count: Int)],
        queues: [Queue],
        connectionCount: Int,
        maximumConnections: Int
    ) {
        self.writeLatencies(counters.latencies)
        self.begin("fstore_http_refused", .counter, "Requests and connections that were refused.")
        for refusal in refusals.sorted(by: { $0.reason < $1.reason }) {
            self.add(refusal.count, ["reason": refusal.reason])
        }
        self.write("fstore_http_connections", .gauge, "Open connections.", connectionCount)
        self.write(
            "fstore_http_connections_limit",
            .gauge,
            "Connections that may be open.",
            maximumConnections
        )
        self.begin("fstore_queue_waiting_requests", .gauge, "Requests that wait for a thread.")
        for queue in queues {
            self.add(queue.waiting, ["queue": queue.name])
        }
        self.begin("fstore_queue_running_requests", .gauge, "Requests that are on a thread.")
        for queue in queues {
            self.add(queue.running, ["queue": queue.name])
        }
        self.begin("fstore_online_rows", .counter, "Entity rows of reads, by what was found.")
        let rows = counters.rows.sorted { $0.key < $1.key }
        for (view, counts) in rows {
            self.add(counts.found, ["feature_view": view, "outcome": "found"])
            self.add(counts.expired, ["feature_view": view, "outcome": "expired"])
            self.add(counts.notFound, ["feature_view": view, "outcome": "not_found"])
        }
        self.begin("fstore_online_null_values", .counter, "Null values of rows that were found.")
        for (view, counts) in rows {
            self.add(counts.nullValues, ["feature_view": view])
        }
        self.write(
            "fstore_online_disk_reads",
            .counter,
            "Reads that left the event loop, because memory had not all of their rows.",
            counters.diskReads
        )
    }

    private mutating func writeLatencies(_ latencies: [ServerCounters.Latencies]) {
        self.begin(
            "fstore_http_request_duration_seconds",
            .histogram,
            "Time from a request that has come in whole to its answer."
        )
        for latency in latencies {
            var count = 0
            for (index, bucket) in latency.sum.buckets.enumerated() {
                count += bucket
                let bound =
                    index < LatencyHistogram.bounds.count
                    ? "\(Double(LatencyHistogram.bounds[index]) / 1e9)" : "+Inf"
                self.add(
                    count,
                    ["endpoint": latency.endpoint, "status": latency.status, "le": bound],
                    suffix: "_bucket"
                )
            }
            let labels: KeyValuePairs = ["endpoint": latency.endpoint, "status": latency.status]
            self.add(Double(latency.sum.nanoseconds) / 1e9, labels, suffix: "_sum")
            self.add(count, labels, suffix: "_count")
        }
    }

    /// Writes what the system says of this process; nothing where the system says nothing.
    mutating func write(_ process: ProcessMeasurements) {
        self.write(
            "process_cpu_seconds",
            .counter,
            "Processor time of all threads.",
            process.processorSeconds
        )
        self.write(
            "process_resident_memory_bytes",
            .gauge,
            "Memory in use.",
            process.residentBytes
        )
        self.write(
            "process_virtual_memory_bytes",
            .gauge,
            "Addresses in use.",
            process.virtualBytes
        )
        self.write("process_open_fds", .gauge, "Open files and sockets.", process.openFiles)
        self.write(
            "process_max_fds",
            .gauge,
            "Files and sockets that may be open.",
            process.maximumFiles
        )
        self.write(
            "process_start_time_seconds",
            .gauge,
            "When the process began, in seconds since 1970.",
            process.startSeconds
        )
    }
}
