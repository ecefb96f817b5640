#if GRPC
import FeastProtos
import FeatureServer
import GRPCCore
import SwiftProtobuf

/// Feast's `feast.serving.ServingService`.
struct ServingService: RegistrableRPCService {
    static let name = ServiceDescriptor(fullyQualifiedService: "feast.serving.ServingService")

    let reader: OnlineFeatureReader
    /// The release of the program.
    let version: String
    let admission: CallAdmission

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.register(
            "GetOnlineFeatures",
            of: Self.name,
            maximumBytes: self.reader.limits.maximumBodyBytes
        ) { message, metadata in
            let grant = try self.admission.grant(for: metadata)
            return try await self.reader.answer(message, grant: grant)
        }
        router.register("GetFeastServingInfo", of: Self.name) {
            (_: FeastServingGetFeastServingInfoRequest, metadata) in
            _ = try self.admission.grant(for: metadata)
            var info = FeastServingGetFeastServingInfoResponse()
            info.version = self.version
            return try info.serializedBytes()
        }
        router.register("GetOnlineFeaturesRange", of: Self.name) {
            (_: FeastServingGetFeastServingInfoRequest, metadata) in
            _ = try self.admission.grant(for: metadata)
            throw RPCError(
                code: .unimplemented,
                message: "GetOnlineFeaturesRange is not served: the online store holds the "
                    + "newest row of each key. Use GetOnlineFeatures for it, and "
                    + "get-historical-features for the rows of a range of times."
            )
        }
    }
}

/// The health service that load balancers ask: `grpc.health.v1.Health`.
struct HealthService: RegistrableRPCService {
    static let name = ServiceDescriptor(fullyQualifiedService: "grpc.health.v1.Health")

    let serving: any FeatureServing

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.register("Check", of: Self.name) { (request: FeastServingHealthCheckRequest, _) in
            let known = ["", ServingService.name.fullyQualifiedService]
            guard known.contains(request.service) else {
                throw RPCError(
                    code: .notFound,
                    message: "there is no service \"\(request.service)\" here; ask for "
                        + "\"\(known[1])\", or for none"
                )
            }
            var answer = FeastServingHealthCheckResponse()
            answer.status = self.serving.health() ? .serving : .notServing
            return try answer.serializedBytes()
        }
    }
}

extension RPCRouter {
    /// Registers a method with one request and one answer, which comes as its bytes.
    fileprivate mutating func register<Request: SwiftProtobuf.Message>(
        _ method: String,
        of service: ServiceDescriptor,
        maximumBytes: Int = .max,
        answer: @escaping @Sendable (Request, Metadata) async throws -> [UInt8]
    ) {
        self.registerHandler(
            forMethod: MethodDescriptor(service: service, method: method, type: .unary),
            deserializer: RequestReader<Request>(maximumBytes: maximumBytes),
            serializer: AnswerWriter()
        ) { request, _ in
            let single = try await ServerRequest(stream: request)
            let bytes = try await answer(single.message, single.metadata)
            return StreamingServerResponse(single: ServerResponse(message: bytes))
        }
    }
}

/// Reads a request from its bytes.
private struct RequestReader<Message: SwiftProtobuf.Message>: MessageDeserializer {
    let maximumBytes: Int

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Message {
        guard bytes.count <= self.maximumBytes else {
            throw RPCError(
                code: .resourceExhausted,
                message: "The request is larger than the limit of \(self.maximumBytes) bytes; "
                    + "send it in several requests."
            )
        }
        do {
            return try unsafe bytes.withUnsafeBytes { buffer in
                unsafe try Message(serializedBytes: Array(buffer))
            }
        } catch {
            throw RPCError(
                code: .invalidArgument,
                message: "The request is no \(Message.protoMessageName).",
                cause: error
            )
        }
    }
}

/// Hands on an answer whose bytes are there already.
private struct AnswerWriter: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
        Bytes(message)
    }
}
#endif
