public import NIOCore

/// The most that a client may ask of the server; whatever exceeds a limit is refused by name.
public struct ServerLimits: Sendable {
    /// The bytes of one request's body.
    public var maximumBodyBytes = 10_000_000
    /// The entity rows of one read.
    public var maximumEntityRows = 10_000
    /// The rows of one push.
    public var maximumPushRows = 10_000
    /// The features that one read may list.
    public var maximumFeatures = 5_000
    /// The entity rows times the features of one read.
    public var maximumCells = 1_000_000
    /// The reads of more cells than this leave the event loop, so that small ones need not wait.
    public var maximumCellsOnEventLoop = 20_000
    /// The requests with larger bodies than this are read and answered off the event loop.
    public var maximumBytesOnEventLoop = 64 * 1024
    /// How long the on-demand features of one read may be computed.
    public var maximumComputeTime: Duration = .seconds(10)
    /// The ids of one forgetting.
    public var maximumForgottenIDs = 10_000
    /// The connections that are open at a time; one more is told so, and closed.
    public var maximumConnections = 4_096
    /// The connections too many that are told so at a time; more are closed at once.
    public var maximumRefusedConnections = 64
    /// The reads that are on threads or wait for one, because they are large or need the disk.
    public var maximumQueuedReads = 512
    /// The pushes that run or wait for one another.
    public var maximumQueuedPushes = 512
    /// How long a read or a push may wait for a thread.
    public var maximumQueueTime: TimeAmount = .seconds(10)
    /// The loads that run or wait for one another; one more is refused.
    public var maximumLoads = 8
    /// The entity rows times the features of one training set, which is in memory as a whole.
    public var maximumTrainingSetCells = 5_000_000
    /// The training sets that are made or wait for one another; one more is refused.
    public var maximumTrainingSets = 4
    /// How long a connection may take to send a whole request, or to send none at all.
    public var idleTimeout: TimeAmount = .seconds(60)
    /// How long a shutdown waits for requests in flight.
    public var shutdownTimeout: TimeAmount = .seconds(10)
    /// How long a connection without a request stays open in a shutdown, so that a request that is
    /// under way to it is still answered.
    public var shutdownGrace: TimeAmount = .milliseconds(500)
    /// How long a connection in a shutdown holds its last answer back, so that what the client sent
    /// before it knew is answered as well.
    public var shutdownQuiet: TimeAmount = .milliseconds(50)
    /// How long a connection that the server ends waits for its client to end it too, so that the
    /// last answer is not lost with what the client still sends.
    public var lingerTimeout: TimeAmount = .seconds(1)
    /// How often new definitions are looked for.
    public var refreshInterval: Duration = .milliseconds(250)
    /// The bytes of one header field, and of all of them.
    public var maximumHeaderBytes = 64 * 1024
    /// The header fields of one request.
    public var maximumHeaderFields = 128

    /// The limits that fit most servers.
    public init() {}
}

/// The levels of arrays and objects in one request's JSON.
let maximumJSONDepth = 64

/// The members of the object that is a request's body.
let maximumMembers = 100

/// The columns of entity rows or pushed rows in one request.
let maximumColumns = 5_000

/// The bytes of a name in a request: of a feature, a column, a view, a key of its body.
let maximumNameBytes = 1_024

/// The bytes of a message that may have names of a request in it.
let maximumMessageBytes = 16_384

/// The characters of one number in a request's JSON.
let maximumNumberLength = 1_024

/// The bytes of scratch space that an event loop keeps between answers.
let maximumKeptScratchBytes = 4 << 20
